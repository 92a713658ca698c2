//! Tokens of a store (api.md §2).

use super::Answer;
use crate::answers::store::TokenAnswer;
use crate::parts::Api;
use crate::requests::store::{Credentials, Revocation};
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::request_parts::RequestParts;
use axum::extract::State;
use http::StatusCode;

/// Issues a token
///
/// It lives 24 h; earlier ones stay valid, at most 1,000. Whoever has the secret may have one of each role. An unknown app and a wrong secret get the same answer. Many wrong tries of
/// an app from one address: `RATE_LIMITED`.
#[utoipa::path(
    post, path = "", operation_id = "issueToken", tag = "Store", request_body = Credentials,
    responses((status = 201, description = "The token", body = TokenAnswer)),
    extensions(("x-errors" = json!(["INVALID_CREDENTIALS"])))
)]
pub async fn issue(State(api): State<Api>, request: RequestParts) -> Answer {
    let ((), credentials) = request.params_and_body::<(), Credentials>()?;
    let done = api.commands().issue_token(request.client, credentials.into(), request.request_id()).await?;
    let issued = &done.outcome;
    let (expires_at, role) = (issued.expires_at.into(), issued.role.into());
    let body = TokenAnswer::new(issued.token.clone(), expires_at, issued.token_id.0, role);
    let response = answer::located(answer::json(StatusCode::CREATED, &body), "/store/token");
    Ok(answer::with_position(&api, done.outcome.store_id, response, &done))
}

/// Revokes the token of the request, or all of the store's
///
/// It is refused at once on this node, within 1 s on others.
#[utoipa::path(
    delete, path = "", operation_id = "revokeToken", tag = "Store", params(Revocation),
    responses((status = 204, description = "They are revoked"))
)]
pub async fn revoke(call: Call) -> Answer {
    let Revocation { all } = call.parts.params()?;
    let request = call.unconditional_request(false)?;
    let done = match all {
        Some(true) => call.commands().revoke_all_tokens(&request).await?,
        Some(false) | None => call.commands().revoke_token(&request, call.store.token_id).await?,
    };
    Ok(call.deleted(done, [("store_id", call.store_id().to_string())]))
}
