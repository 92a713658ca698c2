//! Random logs: several stores, streams that don't count, metadata that can't be read, clocks that jump, positions with gaps. What is
//! true of an event is told beside it, so that no test has to read it as the tree does.

use crate::seeds::Seed;
use bytes::Bytes;
use chrono::Datelike;
use domain::{ActorId, Timestamp, TokenId};
use eventlog::testing::Chance;
use eventlog::{Position, RecordedEvent, StreamName};
use std::collections::HashMap;
use tlog::Key;
use uuid::Uuid;

/// An event, and what is true of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub event: RecordedEvent,
    pub has_leaf: bool,
    /// Nil where it says none that can be read.
    pub store: Uuid,
    pub at: Option<Timestamp>,
    /// But for its own id.
    pub keys: Vec<Key>,
    /// The kind of document that it makes, and the year that it says: none if it can't be read.
    pub document: Option<Document>,
    /// Whether numbers begin again with each year from now on, if it says so.
    pub yearly: Option<bool>,
}

/// Its kind, and the year that it says.
pub type Document = (char, Option<i32>);

const CATEGORIES: [&str; 12] = [
    "store",
    "product",
    "customer",
    "cart",
    "invoice",
    "order",
    "gift_card",
    "credit",
    "coupon",
    "claim",
    "cartlog",
    "$ce",
];
const TYPES: [&str; 5] = ["CartItemAdded", "InvoiceIssued", "RefundIssued", "StoreNumberingChanged", "StockHeld"];
/// 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600_000;

pub struct World {
    chance: Chance,
    stores: Vec<Uuid>,
    tokens: Vec<TokenId>,
    lengths: HashMap<String, u64>,
    at: u64,
    clock: i64,
    correlation: Uuid,
    earlier: Uuid,
}

impl World {
    pub fn of(seed: &Seed) -> Self {
        let mut chance = Chance(seed.seed << 20);
        let stores = (0..1 + chance.below(4)).map(|_| id(&mut chance)).collect();
        let tokens = (0..3).map(|_| TokenId(id(&mut chance))).collect();
        let (lengths, at, clock) = (HashMap::new(), chance.below(1_000) as u64, BEGINNING);
        let (correlation, earlier) = (id(&mut chance), id(&mut chance));
        Self { chance, stores, tokens, lengths, at, clock, correlation, earlier }
    }

    pub fn events(&mut self, count: usize) -> Vec<Told> {
        (0..count).map(|_| self.event()).collect()
    }

    /// One of the stores that events are of.
    pub fn stores(&self) -> &[Uuid] {
        &self.stores
    }

    fn event(&mut self) -> Told {
        let category = CATEGORIES[self.chance.below(CATEGORIES.len())];
        let stream = format!("{category}-{}", self.chance.below(9));
        let length = self.lengths.entry(stream.clone()).or_default();
        let revision = *length;
        *length += 1;
        self.at += 1 + if self.chance.below(4) == 0 { self.chance.below(70_000) as u64 } else { 0 };
        let (store, at, keys, metadata) = self.metadata();
        let id = id(&mut self.chance);
        self.earlier = id;
        let event_type = TYPES[self.chance.below(TYPES.len())];
        let (data, document, yearly) = self.data(category, event_type);
        let event = RecordedEvent {
            stream: StreamName::new(stream),
            revision,
            position: Position(self.at),
            id,
            event_type: event_type.into(),
            data: Bytes::from(data),
            metadata: metadata.into(),
            recorded_at: Timestamp::from_millis(BEGINNING).to_utc(),
        };
        let document = document.map(|(kind, year)| (kind, year.or(at.map(|at| at.to_utc().year()))));
        Told { event, has_leaf: !matches!(category, "cartlog" | "$ce"), store, at, keys, document, yearly }
    }

    /// The data, and what it means for numbers.
    fn data(&mut self, category: &str, event_type: &str) -> (String, Option<Document>, Option<bool>) {
        let document = match (category, event_type) {
            ("store" | "invoice", "InvoiceIssued") => Some('i'),
            ("store" | "invoice", "RefundIssued") => Some('r'),
            ("store" | "invoice", "StoreNumberingChanged") => {
                let yearly = self.chance.below(2) == 0;
                let restart = if yearly { "yearly" } else { "never" };
                let numbering = format!(r#"{{"invoice_number_format":"{{year}}-{{n}}","number_restart":"{restart}"}}"#);
                return (format!(r#"{{"numbering":{numbering}}}"#), None, Some(yearly));
            }
            _ => None,
        };
        let Some(kind) = document else {
            let more = "x".repeat(self.chance.below(90));
            return (format!(r#"{{"what":{},"more":"{more}"}}"#, self.chance.draw()), None, None);
        };
        match self.chance.below(4) {
            0 => ("no document".to_owned(), Some((kind, None)), None),
            year => {
                let year = 2024 + year as i32;
                (format!(r#"{{"issued_on":"{year}-12-31"}}"#), Some((kind, Some(year))), None)
            }
        }
    }

    fn metadata(&mut self) -> (Uuid, Option<Timestamp>, Vec<Key>, String) {
        let mut parts = Vec::new();
        let mut keys = Vec::new();
        let store = match self.chance.below(20) {
            0 => {
                parts.push(r#""store_id":"nobody's""#.to_owned());
                Uuid::nil()
            }
            1 => Uuid::nil(),
            _ => {
                let store = self.stores[self.chance.below(self.stores.len())];
                parts.push(format!(r#""store_id":"{store}""#));
                store
            }
        };
        let at = self.time(&mut parts);
        if self.chance.below(3) == 0 {
            self.correlation = self.earlier;
        }
        parts.push(format!(r#""correlation_id":"{}""#, self.correlation));
        keys.push(Key::Correlation(self.correlation));
        if self.chance.below(3) == 0 {
            parts.push(format!(r#""causation_id":"{}""#, self.earlier));
            keys.push(Key::Causation(self.earlier));
        }
        if self.chance.below(2) == 0 {
            let request = format!("request-{}", self.chance.below(500));
            parts.push(format!(r#""request_id":"{request}""#));
            keys.push(Key::Request(request));
        }
        self.actor(&mut parts, &mut keys);
        (store, at, keys, format!("{{{}}}", parts.join(",")))
    }

    fn actor(&mut self, parts: &mut Vec<String>, keys: &mut Vec<Key>) {
        let token = self.tokens[self.chance.below(3)];
        let person = ActorId(Uuid::from_u128(1 + self.chance.below(40) as u128));
        match self.chance.below(4) {
            0 => parts.push(r#""actor":"system""#.to_owned()),
            1 => {
                parts.push(format!(r#""actor":{{"token":"{token}"}}"#));
                keys.push(Key::Token(token));
            }
            2 => {
                parts.push(format!(r#""actor":"system","by":{{"token":"{token}"}}"#));
                keys.push(Key::Token(token));
            }
            _ => {
                parts.push(format!(r#""by":{{"person":{{"id":"{person}","name":"c2Vh"}}}}"#));
                keys.push(Key::Person(person));
            }
        }
    }

    /// Clocks differ, are set, and say nothing now and then.
    fn time(&mut self, parts: &mut Vec<String>) -> Option<Timestamp> {
        let said = match self.chance.below(40) {
            0 => return None,
            1 => {
                parts.push(r#""occurred_at":"yesterday""#.to_owned());
                return None;
            }
            2 => self.clock - self.chance.below(10_000_000) as i64,
            3 => self.clock + self.chance.below(10_000) as i64,
            _ => self.clock,
        };
        self.clock += self.chance.below(30) as i64;
        let at = Timestamp::from_millis(said);
        parts.push(format!(r#""occurred_at":"{at}""#));
        Some(at)
    }
}

fn id(chance: &mut Chance) -> Uuid {
    Uuid::from_u128(u128::from(chance.draw()) << 64 | u128::from(chance.draw()))
}
