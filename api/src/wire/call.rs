//! A request of a store: who sends it, and what it says, read as strictly as the contract says.

use crate::codes::Code;
use crate::mapping;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::wire::body::{self, Limits, RawBody};
use crate::wire::budget::{Reserved, Who};
use crate::wire::caller::{Caller, KnownStore, RequestId};
use crate::wire::cursor::Scope;
use crate::wire::query::{self, Params};
use crate::wire::schema::{self, Body};
use crate::wire::{etag, paging};
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use bytes::Bytes;
use commands::guard::Client;
use commands::{Authenticated, CommandError, Held, IdempotencyKey, IfMatch, Request};
use domain::StoreId;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use journal::Actor;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const APP_ID: HeaderName = HeaderName::from_static("app-id");
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
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
    caller: Caller,
    path: Option<RawPathParams>,
    body: RawBody,
    /// What the body takes of the budget.
    reserved: Arc<Reserved>,
}

/// A request of a store.
pub struct Call {
    pub api: Api,
    pub store: Authenticated,
    pub parts: RequestParts,
    /// How long it took to find out who asks.
    spent: Duration,
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

fn client_of(caller: Option<&Caller>) -> Client {
    caller.map_or(Client::UNKNOWN, Caller::client)
}

impl RequestParts {
    /// Reads the request, once nothing is against that any more.
    async fn read(parts: &mut Parts, api: &Api, caller: Option<Caller>, who: Who) -> Self {
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

impl FromRequestParts<Api> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        // Without a word of who it is, that costs nothing, and counts nothing.
        let app_id = header_text(&parts.headers, &APP_ID).ok_or_else(unauthorized)?;
        let token = header_text(&parts.headers, &ACCESS_TOKEN).ok_or_else(unauthorized)?;
        let caller = parts.extensions.remove::<Caller>();
        let begun = Instant::now();
        let store = authenticate(api, client_of(caller.as_ref()), app_id, token).await?;
        let spent = begun.elapsed();
        let checked = api.limiter.as_ref().map(|limiter| limiter.check(store.store_id));
        let left = checked.as_ref().map(|checked| match checked {
            Ok(left) | Err((_, left)) => *left,
        });
        if let Some(caller) = &caller {
            caller.is(KnownStore { store: store.store_id, left });
        }
        checked.transpose().map_err(|(problem, _)| problem)?;
        let parts = RequestParts::read(parts, api, caller, Who::Known).await;
        Ok(Self { api: api.clone(), store, parts, spent })
    }
}

/// Whoever asks for what is not known to be good is counted, and no longer answered after too much of it.
async fn authenticate(api: &Api, client: Client, app_id: &str, token: &str) -> Result<Authenticated, Problem> {
    let mut counted = false;
    let count = || match counted {
        true => Ok(()),
        false => api.strangers.check_token(client).inspect(|()| counted = true),
    };
    match api.commands().authenticate(app_id, token, count).await {
        Ok(store) => {
            if counted {
                api.strangers.give_back(client);
            }
            Ok(store)
        }
        Err(CommandError::RateLimited { after }) => {
            let detail = "too many requests without a valid token came from this address";
            Err(Problem::new(Code::RateLimited, detail).retry_after(after))
        }
        Err(error) => Err(mapping::command_error(error)),
    }
}

fn unauthorized() -> Problem {
    Problem::of(Code::Unauthorized)
}

/// A header that is there once, as UTF-8.
fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    std::str::from_utf8(value.as_bytes()).ok().filter(|text| !text.is_empty())
}

/// An id in a path, and what its absence is called.
pub trait PathId: FromStr {
    const PARAMETER: &'static str;
    const NOT_FOUND: Code;
}

macro_rules! path_ids {
    ($($id:ident, $parameter:literal, $code:ident;)+) => {
        $(impl PathId for domain::$id {
            const PARAMETER: &'static str = $parameter;
            const NOT_FOUND: Code = Code::$code;
        })+
    };
}

path_ids! {
    ProductId, "product_id", ProductNotFound;
    CustomerId, "customer_id", CustomerNotFound;
    AddressId, "address_id", AddressNotFound;
    InvoiceId, "invoice_id", InvoiceNotFound;
    InvoiceLineItemId, "invoice_line_item_id", InvoiceLineItemNotFound;
    OrderId, "order_id", OrderNotFound;
    GiftCardId, "gift_card_id", GiftCardNotFound;
    CreditId, "credit_id_or_amount", CreditNotFound;
    JobId, "job_id", JobNotFound;
}

/// An id as clients write it; any other text names nothing that exists (api.md §1, Ids).
pub fn parse_id<I: PathId>(text: &str) -> Result<I, Problem> {
    // Hyphenated only: what else a UUID can be written as is not what clients were given.
    let id = (text.len() == 36).then(|| text.parse().ok()).flatten();
    id.ok_or_else(|| Problem::of(I::NOT_FOUND))
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

impl Call {
    pub fn store_id(&self) -> StoreId {
        self.store.store_id
    }

    /// The request as commands want it, where a route has no body.
    pub fn request(&self) -> Result<Request, Problem> {
        self.make_request(false)
    }

    /// The same where it has one: another body with the same key is another request.
    pub fn request_with_body(&self) -> Result<Request, Problem> {
        self.make_request(true)
    }

    /// The same where no resource's version is compared: the request is about something that no `ETag` was answered for.
    pub fn unconditional_request(&self, has_body: bool) -> Result<Request, Problem> {
        Ok(Request { if_match: None, ..self.make_request(has_body)? })
    }

    /// The same for a command that ignores `Idempotency-Key`.
    pub fn unkeyed_request(&self) -> Request {
        Request {
            store_id: self.store.store_id,
            actor: Actor::Token(self.store.token_id),
            request_id: self.parts.request_id(),
            idempotency: None,
            if_match: self.parts.if_match(),
            watermark: self.parts.caller.watermark(),
            // The body's part of the budget: a command that nobody waits for any more still has what the body said.
            held: Held::of(Arc::clone(&self.parts.reserved) as _),
            spent: self.spent,
        }
    }

    fn make_request(&self, has_body: bool) -> Result<Request, Problem> {
        Ok(Request { idempotency: self.parts.idempotency_key(has_body)?, ..self.unkeyed_request() })
    }

    /// The list that the request asks for, with its filters.
    pub fn with_scope<T>(&self, use_it: impl FnOnce(&Scope<'_>) -> T) -> T {
        let filters = paging::filters(self.parts.query());
        use_it(&Scope { store: self.store.store_id, path: self.parts.uri.path(), filters: &filters })
    }
}
