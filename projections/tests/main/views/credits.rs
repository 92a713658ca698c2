//! Credits (api.md §9).

use super::lists::{all, letters};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::Credits;
use domain::credit::*;
use domain::*;
use serde_json::{Value, json};

const CREDIT: CreditId = CreditId(id(10));

fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("cents")
}

fn issued(source: CreditSource) -> CreditIssued {
    CreditIssued {
        credit_id: CREDIT,
        store_id: STORE,
        customer_id: CustomerId(id(11)),
        currency: "USD".parse().expect("a currency"),
        amount_in_cents: cents(500),
        source,
    }
}

fn spent(redemption: u128, amount: i64, remaining: i64) -> CreditSpent {
    CreditSpent {
        credit_redemption_id: CreditRedemptionId(id(redemption)),
        invoice_id: InvoiceId(id(redemption + 1)),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
}

fn reversed(redemption: u128, amount: i64, remaining: i64) -> CreditSpendReversed {
    CreditSpendReversed {
        credit_redemption_id: CreditRedemptionId(id(redemption)),
        invoice_id: InvoiceId(id(redemption + 1)),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
}

fn fresh(source: CreditSource, told: Value) -> Story<Credits, CreditEvent> {
    Story::of(CREDIT.0, format!("credit-{CREDIT}")).then(
        issued(source),
        json!({
            "credit_id": CREDIT, "store_id": STORE, "customer_id": id(11), "currency": "USD",
            "original_balance_in_cents": 500, "current_balance_in_cents": 500, "source": told, "redemptions": [], "older_redemptions": 0,
            "created_at": at(0), "updated_at": at(0), "voided_at": null, "revision": 0,
        }),
    )
}

#[test]
fn a_credit_is_issued_for_each_source() {
    let refund = CreditSource::Refund { invoice_id: InvoiceId(id(1)), refund_id: RefundId(id(2)) };
    fresh(CreditSource::Issued, json!({"source": "issued"}));
    fresh(refund, json!({"source": "refund", "invoice_id": id(1), "refund_id": id(2)}));
    fresh(CreditSource::Batch { job_id: JobId(id(3)) }, json!({"source": "batch", "job_id": id(3)}));
}

#[test]
fn a_credit_is_redeemed_and_what_a_failed_invoice_redeemed_goes_back() {
    let redemption = |reversed_at: Value| {
        json!([{
            "credit_redemption_id": id(20), "invoice_id": id(21), "amount_in_cents": 200,
            "remaining_balance_in_cents": 300, "created_at": at(1), "reversed_at": reversed_at,
        }])
    };
    fresh(CreditSource::Issued, json!({"source": "issued"}))
        .then(
            spent(20, 200, 300),
            json!({
                "current_balance_in_cents": 300, "redemptions": redemption(Value::Null), "updated_at": at(1), "revision": 1,
            }),
        )
        .then(CreditSpendDeclined { invoice_id: InvoiceId(id(50)) }, json!({}))
        .then(
            reversed(20, 200, 500),
            json!({
                "current_balance_in_cents": 500, "redemptions": redemption(at(3)), "updated_at": at(3), "revision": 3,
            }),
        )
        .unfit(reversed(40, 1, 1))
        .then(
            CreditVoided {},
            json!({"current_balance_in_cents": 0, "updated_at": at(5), "voided_at": at(5), "revision": 5}),
        )
        .unfit(issued(CreditSource::Issued));
}

/// A and B are Ada's, of which A is used up; C is Bob's, and voided.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_credits_are_listed_newest_first_all_or_those_with_a_balance() {
    let mut world = World::default();
    let store_id = world.store().await;
    let ada = world.customer(store_id, "ada@example.com").await;
    let bob = world.customer(store_id, "bob@example.com").await;
    let mut credits = Vec::new();
    for customer_id in [ada, ada, bob] {
        let credit_id = CreditId(world.id());
        let event = CreditIssued { credit_id, store_id, customer_id, ..issued(CreditSource::Issued) };
        world.append(store_id, format!("credit-{credit_id}"), CreditEvent::from(event)).await;
        credits.push(credit_id);
    }
    world.append(store_id, format!("credit-{}", credits[0]), CreditEvent::from(spent(20, 500, 0))).await;
    world.append(store_id, format!("credit-{}", credits[2]), CreditEvent::from(CreditVoided {})).await;
    let views = world.open().await.views();
    for (customer, active_only, expected) in [(ada, false, "BA"), (ada, true, "B"), (bob, false, "C"), (bob, true, "")]
    {
        let found = all(async |page| views.credits(store_id, customer, active_only, &page).await).await;
        assert_eq!(letters(&credits, found.iter().map(|row| row.credit_id)), expected);
    }
}
