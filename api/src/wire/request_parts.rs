//! What a request says, read as strictly as the contract says.

use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::wire::body::{self, Limits, RawBody};
use crate::wire::budget::{Reserved, Who};
use crate::wire::caller::{Caller, RequestId};
use crate::wire::etag;
use crate::wire::path_id::{PathId, parse_id};
use crate::wire::query::{self, Params};
use crate::wire::schema::{self, Body};
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use bytes::Bytes;
use commands::guard::Client;
use commands::{IdempotencyKey, IfMatch};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::sync::Arc;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const ACTOR: HeaderName = HeaderName::from_static("cartlog-actor");
const MIN_POSITION: HeaderName = HeaderName::from_static("cartlog-min-position");
const CONSISTENCY: HeaderName = HeaderName::from_static("cartlog-consistency");

/// What any request says.
pub struct RequestParts {
    pub method: Method,
    /// With the canonical path.
    pub uri: Uri,
    pub headers: HeaderMap,
    pub request_id: RequestId,
    /// Where it comes from.
    pub client: Client,
    /// What the outermost step wants to know of it.
    pub(super) caller: Caller,
    path: Option<RawPathParams>,
    body: RawBody,
    /// What the body takes of the budget.
    pub(super) reserved: Arc<Reserved>,
}

/// Of somebody who needs no credentials here: little is read, and that not too often.
impl FromRequestParts<Api> for RequestParts {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = parts.extensions.remove::<Caller>();
        api.strangers.check(client_of(caller.as_ref()))?;
        Ok(Self::read(parts, api, caller, Who::Stranger).await)
    }
}

pub fn client_of(caller: Option<&Caller>) -> Client {
    caller.map_or(Client::UNKNOWN, Caller::client)
}

impl RequestParts {
    /// Reads the request, once nothing is against that any more.
    pub async fn read(parts: &mut Parts, api: &Api, caller: Option<Caller>, who: Who) -> Self {
        // A path that is no UTF-8 once decoded names nothing that exists.
        let path = RawPathParams::from_request_parts(parts, api).await.ok();
        let request_id = parts.extensions.remove().unwrap_or_else(|| RequestId("".into()));
        let caller = caller.unwrap_or_default();
        let client = caller.client();
        let (body, reserved) = read_body(parts, api, &caller, who).await;
        Self {
            method: parts.method.clone(),
            uri: std::mem::take(&mut parts.uri),
            headers: std::mem::take(&mut parts.headers),
            request_id,
            client,
            caller,
            path,
            body,
            reserved: Arc::new(reserved),
        }
    }
}

/// The body, where the route reads one. Elsewhere it stays unread until the answer is on its way.
async fn read_body(parts: &Parts, api: &Api, caller: &Caller, who: Who) -> (RawBody, Reserved) {
    let is_read = || {
        let route = parts.extensions.get::<MatchedPath>();
        route.is_some_and(|route| api.reads_body(&parts.method, route.as_str()))
    };
    let Some(body) = caller.take_body() else { return (RawBody::Whole(Bytes::new()), Reserved::default()) };
    if !is_read() {
        caller.leave_body(Some(body));
        return (RawBody::Whole(Bytes::new()), Reserved::default());
    }
    let limits = Limits { budget: &api.budget, who, patience: api.parts.settings.body_timeout };
    let (body, reserved, rest) = body::read(body, limits).await;
    caller.leave_body(rest);
    (body, reserved)
}

impl RequestParts {
    /// The decoded text of a part of the path; empty when it is no UTF-8.
    pub fn segment(&self, name: &str) -> &str {
        let mut segments = self.path.iter().flatten();
        segments.find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    pub fn id<I: PathId>(&self) -> Result<I, Problem> {
        parse_id(self.segment(I::PARAMETER))
    }

    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    pub fn params<P: Params>(&self) -> Result<P, Problem> {
        query::read(self.query())
    }

    /// The body as it came; nothing, where it may be missing and is.
    pub fn bytes(&self, optional: bool) -> Result<Option<&Bytes>, Problem> {
        match &self.body {
            RawBody::TooLarge(most) => {
                Err(Problem::new(Code::TooLarge, format!("the body is larger than {} KiB", most / 1024)))
            }
            RawBody::Incomplete => Err(Problem::field(FieldError::body("", "the body broke off"))),
            RawBody::Late => Err(Problem::of(Code::RequestTimeout)),
            RawBody::NoRoom => Err(Problem::new(Code::Busy, "too many requests are being read; nothing was done")),
            RawBody::Whole(bytes) if optional && schema::counts_as_missing(bytes) => Ok(None),
            RawBody::Whole(bytes) => Ok(Some(bytes)),
        }
    }

    pub fn body<B: Body>(&self) -> Result<B, Problem> {
        match self.bytes(B::OPTIONAL)? {
            None => schema::read_value(B::missing(), Vec::new()),
            // Says what is required, rather than that nothing is no JSON.
            Some(bytes) if bytes.trim_ascii().is_empty() => schema::read_value(B::missing(), Vec::new()),
            Some(bytes) => {
                schema::check_content_type(&self.headers)?;
                match schema::counts_as_missing(bytes) {
                    true => schema::read_value(B::missing(), Vec::new()),
                    false => schema::read(bytes),
                }
            }
        }
    }

    /// Both; what is bad in either is told at once.
    pub fn params_and_body<P: Params, B: Body>(&self) -> Result<(P, B), Problem> {
        match (self.params(), self.body()) {
            (Ok(params), Ok(body)) => Ok((params, body)),
            (Err(params), Err(body)) if body.code() == Code::ValidationFailed => {
                Err(Problem::fields(params.into_errors().into_iter().chain(body.into_errors()).collect()))
            }
            (_, Err(problem)) | (Err(problem), Ok(_)) => Err(problem),
        }
    }

    /// The revisions that a change asks for; nothing for what changes nothing, or makes something new.
    pub fn if_match(&self) -> Option<IfMatch> {
        let changes = matches!(self.method, Method::PUT | Method::DELETE);
        changes.then(|| etag::if_match(&self.headers)).flatten()
    }

    /// The `Idempotency-Key`, and what it belongs to. `body`: the body as received, where the route has one.
    pub fn idempotency_key(&self, has_body: bool) -> Result<Option<IdempotencyKey>, Problem> {
        let mut values = self.headers.get_all(&IDEMPOTENCY_KEY).into_iter();
        let Some(value) = values.next() else { return Ok(None) };
        let printable =
            |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let key = value.to_str().ok().filter(printable).filter(|_| values.next().is_none()).ok_or_else(|| {
            Problem::field(FieldError::header("Idempotency-Key", "must be 1 to 255 printable ASCII characters, once"))
        })?;
        let body = match &self.body {
            RawBody::Whole(bytes) if has_body => bytes.clone(),
            RawBody::Whole(_) | RawBody::TooLarge(_) | RawBody::Incomplete | RawBody::Late | RawBody::NoRoom => {
                Bytes::new()
            }
        };
        Ok(Some(IdempotencyKey {
            method: self.method.as_str().to_owned(),
            path: self.uri.path().to_owned(),
            key: key.to_owned(),
            query: self.query().to_owned(),
            body_is_missing: schema::counts_as_missing(&body),
            body,
        }))
    }

    /// Whom `Cartlog-Actor` names.
    pub fn person(&self) -> Result<Option<Arc<str>>, Problem> {
        let mut values = self.headers.get_all(&ACTOR).into_iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = std::str::from_utf8(value.as_bytes()).ok().filter(|_| values.next().is_none());
        let is_name = |text: &&str| {
            (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) && text.trim() == *text
        };
        let name = text.filter(is_name).ok_or_else(|| {
            Problem::field(FieldError::header(
                "Cartlog-Actor",
                "must be 1 to 100 characters in UTF-8, once, none of them a control character",
            ))
        })?;
        Ok(Some(name.into()))
    }

    /// What `Cartlog-Min-Position` asks for.
    pub fn min_position(&self) -> Result<u64, Problem> {
        let Some(value) = self.headers.get(&MIN_POSITION) else { return Ok(0) };
        let digits =
            value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Problem::field(FieldError::header("Cartlog-Min-Position", "must be a log position, an integer from 0 on"))
        })
    }

    /// Whether `Cartlog-Consistency` wants the answer as it is now, rather than one that reflects the store's own commands.
    pub fn is_eventual(&self) -> Result<bool, Problem> {
        match self.headers.get(&CONSISTENCY).map(HeaderValue::as_bytes) {
            None | Some(b"own-writes") => Ok(false),
            Some(b"eventual") => Ok(true),
            Some(_) => Err(Problem::field(FieldError::header("Cartlog-Consistency", "must be own-writes or eventual"))),
        }
    }

    /// The answer reflects the log at least up to here, for all that is asked of it.
    pub fn reflects(&self, position: u64) {
        self.caller.reflects(position);
    }

    pub fn request_id(&self) -> Option<String> {
        Some(self.request_id.0.as_ref().to_owned()).filter(|id| !id.is_empty())
    }
}
