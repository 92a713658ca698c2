//! Reports by example.

use crate::events::*;
use crate::story::*;
use ledger::reports::*;
use ledger::{Dated, MoneyEvent};
use serde_json::{Value, json};

#[test]
fn gift_cards_roll_forward() {
    let (_, json) = report!(GiftCards, february(), story());
    let row = |source: &str, opening, spent, voided, closing| {
        json!({
            "currency": "EUR", "source": source, "opening_in_cents": opening, "issued_in_cents": 0, "spent_in_cents": spent,
            "returned_in_cents": 0, "voided_in_cents": voided, "closing_in_cents": closing,
        })
    };
    let wanted = json!({
        "period": { "from": "2026-02-01", "to": "2026-02-28" },
        "gift_cards": [row("sold", 600, 500, 0, 100), row("given", 50, 0, 50, 0)],
        "breakage": [{ "currency": "EUR", "voided_in_cents": 50, "returned_to_voided_in_cents": 0 }],
    });
    assert_eq!(json, wanted);
    let (january, _) = report!(GiftCards, period("2026-01-01", "2026-01-10"), story());
    assert_eq!((january.gift_cards[0].issued_in_cents, january.gift_cards[0].closing_in_cents), (600, 600));
    assert_eq!(
        january.gift_cards.iter().map(|row| row.closing_in_cents).sum::<i128>(),
        600,
        "the other is of a day later"
    );
}

#[test]
fn credits_roll_forward() {
    let (_, json) = report!(Credits, february(), story());
    let wanted = json!([{
        "currency": "EUR", "opening_in_cents": 100, "goodwill_in_cents": 0, "from_refunds_in_cents": 400, "spent_in_cents": 100,
        "returned_in_cents": 0, "voided_in_cents": 0, "closing_in_cents": 400, "returned_to_voided_in_cents": 0,
    }]);
    assert_eq!(json["credits"], wanted);
    let (january, _) = report!(Credits, period("2026-01-01", "2026-01-31"), story());
    assert_eq!((january.credits[0].goodwill_in_cents, january.credits[0].from_refunds_in_cents), (100, 0));
}

fn ages(aging: &Aging) -> Vec<(u64, i128)> {
    aging.ages.iter().map(|age| (age.count, age.amount_in_cents)).collect()
}

#[test]
fn what_is_owed_is_as_old_as_its_issue() {
    let (report, json) = report!(Receivables, february(), story());
    assert_eq!(json["receivables"][0]["ages"][0], json!({ "days": "0-30", "count": 1, "amount_in_cents": 2_042 }));
    let days: Vec<&str> = report.receivables[0].ages.iter().map(|age| age.days).collect();
    assert_eq!(days, ["0-30", "31-60", "61-90", "over 90"]);
    assert_eq!(json["invoices"][0]["invoice_id"], id(17).to_string());
    assert_eq!(json["invoices"][0]["issued"], "2026-02-20");
    // Sold on 10 January, and never paid by anything that the log says.
    assert_eq!(ages(&report.gift_card_sales[0]), [(0, 0), (1, 600), (0, 0), (0, 0)]);
    for (last_day, place) in [
        ("2026-03-03", 0),
        ("2026-03-04", 1),
        ("2026-04-02", 1),
        ("2026-04-03", 2),
        ("2026-05-02", 2),
        ("2026-05-03", 3),
        ("2036-05-02", 3),
    ] {
        let until = |dated: &Dated| dated.date == day("2026-02-01");
        let entries: Vec<Dated> = story().into_iter().filter(until).collect();
        let (report, _) = report!(Receivables, period("2026-02-01", last_day), entries);
        assert_eq!(ages(&report.receivables[0])[place], (1, 2_042), "{last_day}");
        assert_eq!(report.receivables[0].total_in_cents, 2_042);
    }
    let (after, _) = report!(Receivables, period("2026-01-01", "2026-03-31"), story());
    assert_eq!((after.receivables.len(), after.invoices.len()), (0, 0), "collected, and failed");
}

#[test]
fn tax_is_by_rate_with_its_base() {
    let (_, json) = report!(Tax, february(), story());
    let amounts = |base: i64, tax: i64| json!({ "base_in_cents": base, "tax_in_cents": tax });
    let row = |rate: u32, invoiced, refunded, net| {
        json!({
            "currency": "EUR", "tax_rate_in_basis_points": rate, "invoiced": invoiced, "failed": amounts(0, 0), "refunded": refunded,
            "net": net,
        })
    };
    let wanted = json!([
        row(0, amounts(1_000, 0), amounts(100, 0), amounts(900, 0)),
        row(700, amounts(1_800, 342), amounts(0, 0), amounts(1_800, 342)),
        row(1_900, amounts(1_800, 342), amounts(1_000, 190), amounts(800, 152)),
    ]);
    assert_eq!(json["tax"], wanted);
    let (_, march) = report!(Tax, period("2026-03-01", "2026-03-31"), story());
    assert_eq!(march["tax"][1]["failed"], amounts(1_800, 342));
    assert_eq!(march["tax"][1]["net"], amounts(-1_800, -342));
}

#[test]
fn an_unknown_rate_is_null_and_comes_last() {
    let entry = then(&None, domain::invoice::InvoiceEvent::from(issued([None, None]))).unwrap();
    let template = story().into_iter().find(|dated| dated.event_type == MoneyEvent::InvoiceIssued).unwrap();
    let (_, json) = report!(Tax, february(), [Dated { entry, ..template }]);
    let rates: Vec<&Value> =
        json["tax"].as_array().unwrap().iter().map(|row| &row["tax_rate_in_basis_points"]).collect();
    assert_eq!(rates, [&json!(0), &Value::Null]);
}

#[test]
fn sales_are_what_was_invoiced_less_what_failed_and_went_back() {
    let (_, json) = report!(Sales, period("2026-02-01", "2026-03-31"), story());
    let amounts = |gross: i64, discounts: i64, shipping: i64| json!({ "gross_in_cents": gross, "discounts_in_cents": discounts, "shipping_in_cents": shipping });
    let wanted = json!([{
        "currency": "EUR", "invoices": 2, "invoiced": amounts(4_000, 400, 1_000), "failed": amounts(2_000, 200, 500),
        "refunded": amounts(1_000, 0, 100), "net_in_cents": 1_200,
    }]);
    assert_eq!(json["sales"], wanted);
}

#[test]
fn refunds_are_promised_as_money_or_credit_and_paid_out() {
    let row = |report: &Value| report["refunds"][0].clone();
    let wanted = |count, total, money, credit, opening, paid, closing| {
        json!({
            "currency": "EUR", "count": count, "total_in_cents": total, "as_money_in_cents": money, "as_credit_in_cents": credit,
            "opening_in_cents": opening, "paid_out_in_cents": paid, "closing_in_cents": closing,
        })
    };
    assert_eq!(row(&report!(Refunds, february(), story()).1), wanted(1, 1_290, 890, 400, 0, 0, 890));
    let march = report!(Refunds, period("2026-03-01", "2026-03-31"), story()).1;
    assert_eq!(row(&march), wanted(0, 0, 0, 0, 890, 890, 0));
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    let backward = Period::new(day("2026-02-02"), day("2026-02-01")).unwrap_err();
    assert_eq!(backward.to_string(), "a period from 2026-02-02 to 2026-02-01");
    assert!(serde_json::from_value::<Period>(json!({ "from": "2026-02-02", "to": "2026-02-01" })).is_err());
    assert!(Period::new(day("2026-02-02"), day("2026-02-02")).is_ok());
}
