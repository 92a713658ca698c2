//! What happened, as tables.

use super::books::Books;
use super::catalogue::euros;
use super::checks::{Check, refunds_as_credit};
use super::client::Client;
use super::shopper::cents;
use super::stage::Stage;
use super::tally::Tally;
use crate::tables::Head::{Number, Text};
use crate::{tables, units};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How the shopping itself went.
pub struct Run {
    pub shoppers: usize,
    pub took: Duration,
    /// Log positions that were passed meanwhile: where positions are dense, events.
    pub events: u64,
}

/// The whole report. Writing to a String can't fail.
pub fn text(stage: &Stage, run: &Run, tally: &Tally, books: &Books, checks: &[Check]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "\nTop ten: most added to carts\n{}\n", top_ten(stage, tally, books));
    let _ = writeln!(text, "Invoices by state\n{}\n", invoices(books));
    let _ = writeln!(text, "Money in and out\n{}\n", money(tally, books));
    let _ = writeln!(text, "Answers\n{}\n", latencies(&stage.client));
    let _ = writeln!(text, "{}\n", speed(stage, run, tally));
    let _ = writeln!(text, "Does it add up?\n{}\n", verdicts(checks));
    let faults = checks.iter().filter(|check| check.fault.is_some()).count();
    let _ = match faults {
        0 => writeln!(text, "Everything adds up."),
        faults => writeln!(text, "{faults} of {} checks DO NOT ADD UP.", checks.len()),
    };
    text
}

fn top_ten(stage: &Stage, tally: &Tally, books: &Books) -> comfy_table::Table {
    let mut table = tables::new(&[Number(""), Text("product"), Number("streamed"), Number("own count")]);
    for (place, (product, adds)) in books.streamed.top_ten.iter().enumerate() {
        let own = tally.cart_adds.get(product).copied().unwrap_or_default();
        let title = stage.titles.get(product).unwrap_or(product);
        table.add_row([(place + 1).to_string(), title.clone(), units::count(*adds), units::count(own)]);
    }
    table
}

fn invoices(books: &Books) -> comfy_table::Table {
    let mut states: BTreeMap<&str, (u64, i64, i64)> = BTreeMap::new();
    for invoice in &books.invoices {
        let entry = states.entry(invoice["state"].as_str().unwrap_or("?")).or_default();
        entry.0 += 1;
        entry.1 += cents(&invoice["total_amount_in_cents"]);
        entry.2 += cents(&invoice["amount_due_in_cents"]);
    }
    let mut table =
        tables::new(&[Text("state"), Number("invoices"), Number("total"), Number("to collect or collected")]);
    for (state, (count, total, due)) in states {
        table.add_row([state.to_owned(), units::count(count), euros(total), euros(due)]);
    }
    table
}

fn money(tally: &Tally, books: &Books) -> comfy_table::Table {
    let paid = |invoice: &&Value| !["open", "failed"].contains(&invoice["state"].as_str().unwrap_or_default());
    let sum = |field: &str| books.invoices.iter().filter(paid).map(|invoice| cents(&invoice[field])).sum::<i64>();
    let as_credit = refunds_as_credit(books);
    tables::amounts([
        ("in: collected", euros(sum("amount_due_in_cents"))),
        ("    paid by gift cards", euros(sum("gift_card_used_amount_in_cents"))),
        ("    paid by credits", euros(sum("credit_used_amount_in_cents"))),
        ("out: refunded in money", euros(tally.refunded_in_cents - as_credit)),
        ("     refunded as credits", euros(as_credit)),
        ("of it: tax", euros(sum("tax_amount_in_cents"))),
        ("       discounts given", euros(sum("discount_amount_in_cents"))),
    ])
}

fn latencies(client: &Client) -> comfy_table::Table {
    let mut table = tables::new(&[
        Text("request"),
        Number("answers"),
        Number("median"),
        Number("90 %"),
        Number("99 %"),
        Number("longest"),
    ]);
    for summary in client.latencies().summaries() {
        let times = [summary.median, summary.p90, summary.p99, summary.longest].map(units::latency);
        let [median, p90, p99, longest] = times;
        table.add_row([summary.kind.to_owned(), units::count(summary.count as u64), median, p90, p99, longest]);
    }
    table
}

fn speed(stage: &Stage, run: &Run, tally: &Tally) -> String {
    let adds: u64 = tally.cart_adds.values().sum();
    let mut text = format!(
        "{} shoppers shopped for {}: {}, {}, {}; {} adds found too little in stock, {} carts were given up.",
        run.shoppers,
        units::duration(run.took),
        units::rate(adds, "adds to carts", run.took),
        units::rate(tally.invoices, "carts billed", run.took),
        units::rate(run.events, "events", run.took),
        units::count(tally.sold_out),
        units::count(tally.carts_closed),
    );
    if stage.client.tried_again() > 0 {
        let _ = write!(
            text,
            " {} requests were sent again, as the server asked.",
            units::count(stage.client.tried_again())
        );
    }
    text
}

fn verdicts(checks: &[Check]) -> comfy_table::Table {
    let mut table = tables::new(&[Text("check"), Text("figures"), Text("")]);
    for check in checks {
        let verdict = check.fault.clone().map_or("adds up".to_owned(), |fault| format!("DOES NOT ADD UP: {fault}"));
        table.add_row([check.what.to_owned(), check.figures.clone(), verdict]);
    }
    table
}
