//! A shop's first months, for reports.

use crate::events::*;
use chrono::NaiveDate;
use domain::credit::CreditSource;
use domain::gift_card::GiftCardSource;
use domain::{Event, Timestamp};
use ledger::reports::Period;
use ledger::{Dated, Document, MoneyEvent};
use std::collections::HashMap;
use uuid::Uuid;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn period(from: &str, to: &str) -> Period {
    Period::new(day(from), day(to)).unwrap()
}

/// A shop's first months, event by event with its day.
pub fn story() -> Vec<Dated> {
    let card = card_issued(GiftCardSource::Sold, 600);
    let given = domain::gift_card::GiftCardIssued {
        gift_card_id: domain::GiftCardId(id(15)),
        ..card_issued(GiftCardSource::Given, 50)
    };
    let credit = credit_issued(CreditSource::Issued, 100);
    let of_refund = domain::credit::CreditIssued {
        credit_id: domain::CreditId(id(16)),
        ..credit_issued(CreditSource::Refund { invoice_id: INVOICE, refund_id: domain::RefundId(id(60)) }, 400)
    };
    let other =
        domain::invoice::InvoiceIssued { invoice_id: domain::InvoiceId(id(17)), ..issued([Some(700), Some(0)]) };
    let card_event = domain::gift_card::GiftCardEvent::from;
    let credit_event = domain::credit::CreditEvent::from;
    let events: Vec<(&str, Uuid, Event)> = vec![
        ("2026-01-10", CARD.0, card_event(card).into()),
        ("2026-01-11", id(15), card_event(given).into()),
        ("2026-01-12", CREDIT.0, credit_event(credit).into()),
        ("2026-02-01", CUSTOMER.0, billed().into()),
        ("2026-02-01", CARD.0, card_spent(500, 100).into()),
        ("2026-02-01", CREDIT.0, credit_spent(100, 0).into()),
        ("2026-02-01", INVOICE.0, invoice().into()),
        ("2026-02-03", INVOICE.0, collected(2_042).into()),
        ("2026-02-10", INVOICE.0, refunded(60, &[(ITEM, 1_190, 190), (SHIPPING, 100, 0)], 400).into()),
        ("2026-02-10", id(16), credit_event(of_refund).into()),
        ("2026-02-20", id(17), domain::invoice::InvoiceEvent::from(other).into()),
        ("2026-02-25", id(15), card_voided().into()),
        ("2026-03-05", INVOICE.0, closed(&[60]).into()),
        ("2026-03-06", id(17), failed().into()),
    ];
    let mut documents: HashMap<Uuid, Document> = HashMap::new();
    let entry = |(position, (date, stream, event)): (u64, (&str, Uuid, Event))| {
        let key = Document::id(stream, &event)?;
        let mut document = documents.remove(&key);
        let entry = Document::apply(&mut document, &event).unwrap();
        documents.insert(key, document?);
        Some(Dated {
            date: day(date),
            at: Timestamp::default(),
            position,
            event_id: id(u128::from(position)),
            event_type: event.event_type().parse::<MoneyEvent>().ok()?,
            entry: entry?,
            number: None,
        })
    };
    (1..).zip(events).filter_map(entry).collect()
}

pub fn february() -> Period {
    period("2026-02-01", "2026-02-28")
}

/// The report as JSON, without its controls, which all agree.
macro_rules! report {
    ($report:ident, $period:expr, $entries:expr) => {{
        let mut report = $report::new($period);
        $entries.iter().for_each(|dated| report.add(dated));
        let finished = report.finish();
        for control in &finished.controls {
            assert!(control.agrees(), "{control:?}");
        }
        let mut json = serde_json::to_value(&finished).unwrap();
        json.as_object_mut().unwrap().remove("controls");
        (finished, json)
    }};
}

pub(crate) use report;
