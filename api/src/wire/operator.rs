//! Who operates the server: the bearer token that a request carries (RFC 6750), what its role may do (api.md §1, Operators), and
//! who may create a store.

use crate::codes::Code;
use crate::mapping;
use crate::parts::Api;
use crate::problem::Problem;
use crate::wire::budget::Who;
use crate::wire::caller::Caller;
use crate::wire::request_parts::{RequestParts, client_of};
use axum::extract::FromRequestParts;
use commands::guard::Client;
use commands::{OperatorRole, OperatorToken};
use http::request::Parts;
use http::{HeaderMap, header};

const SCHEME: &str = "Bearer";

/// A request that creates a store: anybody's where sign-up is open, else an operator's. Before that is known, nothing else of it is
/// read.
pub struct SignUp(pub RequestParts);

impl FromRequestParts<Api> for SignUp {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if api.parts.settings.open_sign_up {
            return RequestParts::from_request_parts(parts, api).await.map(Self);
        }
        let caller = parts.extensions.remove::<Caller>();
        let operator = authenticate(api, client_of(caller.as_ref()), &parts.headers).await?;
        check(operator.role, OperatorRole::Operator)?;
        Ok(Self(RequestParts::read(parts, api, caller, Who::Known).await))
    }
}

/// Whose token the request carries. It counts as a stranger's until the token proves to be good: nobody tries tokens without end.
///
/// # Errors
/// [`Code::OperatorUnauthorized`], [`Code::RateLimited`], or the vault is away.
pub async fn authenticate(api: &Api, client: Client, headers: &HeaderMap) -> Result<OperatorToken, Problem> {
    api.strangers.check(client)?;
    let token = bearer(headers).ok_or_else(|| Problem::of(Code::OperatorUnauthorized))?;
    let operator = api.commands().authenticate_operator(token).await.map_err(mapping::command_error)?;
    api.strangers.give_back(client);
    Ok(operator)
}

/// Whether who has this role may do what needs the other one.
///
/// # Errors
/// [`Code::Forbidden`], which names the role.
pub fn check(role: OperatorRole, needed: OperatorRole) -> Result<(), Problem> {
    match (role, needed) {
        (OperatorRole::Operator, _) | (OperatorRole::Auditor, OperatorRole::Auditor) => Ok(()),
        (OperatorRole::Auditor, OperatorRole::Operator) => {
            let detail = format!("an operator's token of role '{}' may not do that", role.as_str());
            Err(Problem::new(Code::Forbidden, detail))
        }
    }
}

/// The token in `Authorization`, which is there once. The name of the scheme has no case (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    // RFC 6750 §2.1: b64token.
    let is_token =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    (scheme.eq_ignore_ascii_case(SCHEME) && !token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn bearer_of(values: &[&'static str]) -> Option<String> {
        let values = values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_static(value)));
        bearer(&values.collect()).map(str::to_owned)
    }

    #[test]
    fn a_bearer_token_is_read_as_rfc_6750_says() {
        for value in ["Bearer clo_a-B9~+/==", "bearer clo_a-B9~+/==", "BEARER   clo_a-B9~+/=="] {
            assert_eq!(bearer_of(&[value]).as_deref(), Some("clo_a-B9~+/=="), "{value}");
        }
        let others =
            ["", "Bearer", "Bearer ", "clo_a", "Basic clo_a", "Bearer clo_a b", "Bearer clo_a,", "Bearerclo_a"];
        for value in others {
            assert_eq!(bearer_of(&[value]), None, "{value}");
        }
        assert_eq!(bearer_of(&[]), None);
        assert_eq!(bearer_of(&["Bearer clo_a", "Bearer clo_a"]), None);
    }

    #[test]
    fn an_auditor_may_not_do_what_an_operator_may() {
        let (operator, auditor) = (OperatorRole::Operator, OperatorRole::Auditor);
        assert!(
            [(operator, operator), (operator, auditor), (auditor, auditor)]
                .into_iter()
                .all(|(role, needed)| check(role, needed).is_ok())
        );
        assert!(check(auditor, operator).is_err_and(|problem| problem.code() == Code::Forbidden));
    }
}
