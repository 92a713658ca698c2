//! Who asks: what the steps of one request tell one another of it.

use crate::wire::limiter::Allowance;
use axum::body::Body;
use commands::Watermark;
use commands::guard::Client;
use domain::StoreId;
use parking_lot::Mutex;
use std::sync::Arc;

/// The id of a request: the client's, if it is sane, else a new one. Stands in the answer, in log lines and in events.
#[derive(Clone)]
pub struct RequestId(pub Arc<str>);

/// Who asks, as far as it is known, and the request's body for as long as nobody has read it.
#[derive(Clone)]
pub struct Caller(Arc<Mutex<CallerFacts>>);

struct CallerFacts {
    client: Client,
    known: Option<KnownStore>,
    body: Option<Body>,
    watermark: Watermark,
    /// What the answer to a query reflects at least, where it was asked for.
    reflects: Option<u64>,
}

/// Of whom nothing is known.
impl Default for Caller {
    fn default() -> Self {
        Self::new(Client::UNKNOWN, None)
    }
}

impl Caller {
    pub fn new(client: Client, body: Option<Body>) -> Self {
        Self(Arc::new(Mutex::new(CallerFacts {
            client,
            known: None,
            body,
            watermark: Watermark::default(),
            reflects: None,
        })))
    }

    /// Where the request comes from.
    pub fn client(&self) -> Client {
        self.0.lock().client
    }

    /// How far in the log its command came.
    pub fn watermark(&self) -> Watermark {
        self.0.lock().watermark.clone()
    }

    /// The store, once it is known.
    pub fn is(&self, known: KnownStore) {
        self.0.lock().known = Some(known);
    }

    /// The answer reflects the log at least up to here, for all that is asked of it.
    pub fn reflects(&self, position: u64) {
        let mut facts = self.0.lock();
        facts.reflects = Some(facts.reflects.map_or(position, |known| known.min(position)));
    }

    /// The store, if it is known.
    pub fn known(&self) -> Option<KnownStore> {
        self.0.lock().known
    }

    /// Up to where the answer reflects the log at least, where it was asked for.
    pub fn reflected(&self) -> Option<u64> {
        self.0.lock().reflects
    }

    /// The body, for whoever reads it.
    pub fn take_body(&self) -> Option<Body> {
        self.0.lock().body.take()
    }

    /// What is left of it.
    pub fn leave_body(&self, rest: Option<Body>) {
        self.0.lock().body = rest;
    }
}

/// The store that asks.
#[derive(Clone, Copy)]
pub struct KnownStore {
    pub store: StoreId,
    /// `None`: there is no limit.
    pub left: Option<Allowance>,
}
