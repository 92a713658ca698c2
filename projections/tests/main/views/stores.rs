//! Stores (api.md §2).

use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::views::Stores;
use domain::store::*;
use domain::*;
use serde_json::json;

fn created(tagline: Option<&str>) -> StoreCreated {
    StoreCreated {
        store_id: STORE,
        name: "Shop".to_owned(),
        tagline: tagline.map(str::to_owned),
        app_id: "app".to_owned(),
        claim_id: ClaimId(id(2)),
        credential_id: CredentialId(id(3)),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 1_900,
        timezone: "Europe/Berlin".to_owned(),
        cart_expires_after_minutes: 60,
        numbering: None,
    }
}

fn fresh() -> Story<Stores, StoreEvent> {
    Story::of(STORE.0, format!("store-{STORE}")).then(
        created(Some("All you need")),
        json!({
            "store_id": STORE, "name": "Shop", "tagline": "All you need", "app_id": "app",
            "credit_order_preference": "gift-card", "tax_rate_in_basis_points": 1_900, "timezone": "Europe/Berlin",
            "cart_expires_after_minutes": 60, "numbering": {"invoice_number_format": "{n}", "number_restart": "never"}, "created_at": at(0), "updated_at": at(0), "deleted_at": null, "revision": 0,
        }),
    )
}

#[test]
fn every_field_of_a_store_can_change() {
    fresh()
        .then(StoreRenamed { name: "Store".to_owned() }, json!({"name": "Store", "updated_at": at(1), "revision": 1}))
        .then(StoreTaglineChanged { tagline: None }, json!({"tagline": null, "updated_at": at(2), "revision": 2}))
        .then(
            StoreCreditOrderChanged { credit_order_preference: CreditOrder::Credit },
            json!({"credit_order_preference": "credit", "updated_at": at(3), "revision": 3}),
        )
        .then(
            StoreTaxRateChanged { tax_rate_in_basis_points: 0 },
            json!({"tax_rate_in_basis_points": 0, "updated_at": at(4), "revision": 4}),
        )
        .then(
            StoreTimezoneChanged { timezone: "UTC".to_owned() },
            json!({"timezone": "UTC", "updated_at": at(5), "revision": 5}),
        )
        .then(
            StoreCartExpiryChanged { cart_expires_after_minutes: 0 },
            json!({"cart_expires_after_minutes": 0, "updated_at": at(6), "revision": 6}),
        )
        .then(StoreSecretChanged { credential_id: CredentialId(id(9)) }, json!({"updated_at": at(7), "revision": 7}))
        .then(
            StoreNumberingChanged {
                numbering: domain::numbers::NumberSettings {
                    invoice_number_format: "R{n}".parse().expect("a format"),
                    ..Default::default()
                },
            },
            json!({
                "numbering": {"invoice_number_format": "R{n}", "number_restart": "never"}, "updated_at": at(8), "revision": 8,
            }),
        )
        .then(StoreDeleted {}, json!({"deleted_at": at(9), "updated_at": at(9), "revision": 9}))
        .unfit(created(None));
}

/// Tokens come and go with every client; jobs have a view of their own.
#[test]
fn tokens_and_jobs_change_nothing_that_a_store_shows() {
    let token_id = TokenId(id(20));
    let job_id = JobId(id(30));
    fresh()
        .then(StoreTokenIssued { token_id, expires_at: super::story::moment(99), role: Role::Admin }, json!({}))
        .then(StoreTokenRevoked { token_id, reason: TokenRevocation::Requested }, json!({}))
        .then(StoreTokensAllRevoked {}, json!({}))
        .then(BatchCreditStarted { job_id, amount_in_cents: Cents::ZERO }, json!({}))
        .then(BatchCreditCompleted { job_id, issued: 0 }, json!({}));
}

#[test]
fn a_claim_that_is_given_up_may_come_before_the_store() {
    Story::<Stores, StoreEvent>::of(STORE.0, format!("store-{STORE}"))
        .then(StoreClaimGivenUp { claim_id: ClaimId(id(9)) }, json!({}))
        .unfit(StoreDeleted {});
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_whose_carts_expire_are_walked_through_in_the_order_of_their_ids() {
    let mut world = World::default();
    let mut stores = Vec::new();
    for _ in 0..5 {
        stores.push(world.store().await);
    }
    let never = StoreEvent::from(StoreCartExpiryChanged { cart_expires_after_minutes: 0 });
    world.append(stores[1], format!("store-{}", stores[1]), never).await;
    world.append(stores[3], format!("store-{}", stores[3]), StoreEvent::from(StoreDeleted {})).await;
    let views = world.open().await.views();
    for (after, limit, expected) in [
        (None, 10, vec![stores[0], stores[2], stores[4]]),
        (None, 2, vec![stores[0], stores[2]]),
        (Some(stores[2]), 10, vec![stores[4]]),
        (Some(stores[1]), 1, vec![stores[2]]),
        (Some(stores[4]), 10, vec![]),
    ] {
        let found = views.stores_with_cart_expiry(after, limit).await.expect("a query");
        assert_eq!(found.iter().map(|row| row.store_id).collect::<Vec<_>>(), expected);
    }
    assert!(views.store(stores[1]).await.expect("a query").is_some());
    assert_eq!(views.store(stores[3]).await.expect("a query"), None, "it was deleted");
}
