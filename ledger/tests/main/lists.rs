//! That every event type is on one of two lists: those that make an entry, and those that don't.

use domain::{Category, Event};
use ledger::{Account, MONEY_EVENTS, MoneyEvent, TaxRate, is_money_event};
use serde_json::Value;
use std::collections::BTreeSet;

/// Those that say nothing of money. A new type goes here, or into `MONEY_EVENTS`.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "StoreCreated", "StoreRenamed", "StoreTaglineChanged", "StoreCreditOrderChanged", "StoreTaxRateChanged", "StoreTimezoneChanged",
    "StoreCartExpiryChanged", "StoreSecretChanged", "StoreTokenIssued", "StoreTokenRevoked", "StoreTokensAllRevoked", "StoreDeleted",
    "StoreActorForgotten", "StoreNumberingChanged", "BatchCreditStarted", "BatchCreditCompleted", "StoreClaimGivenUp",
    "ProductCreated", "ProductDescribed", "ProductRepriced", "ProductDeleted", "InventoryAdjusted", "ProductTagged", "ProductTagRemoved",
    "StockHeld", "StockReleased", "StockConsumed",
    "CustomerCreated", "CustomerRenamed", "CustomerCurrencyChanged", "CustomerPasswordChanged", "CustomerEmailAdded",
    "CustomerEmailMadePrimary", "CustomerEmailRemoved", "CustomerAddressAdded", "CustomerAddressChanged", "CustomerAddressMarked",
    "CustomerAddressRemoved", "CustomerLoggedIn", "CustomerLoggedOut", "CustomerConfirmationRequested", "CustomerConfirmed",
    "CustomerDeleted", "CustomerClaimGivenUp", "CustomerTokenIssued",
    "CartOpened", "CartItemAdded", "CartItemQuantitySet", "CartItemRemoved", "CartClosed", "CartItemsRefused", "CartHoldsRevoked",
    "CartBillingStarted", "CartBillingRefused", "CartBilled", "CartStreamShut",
    "OrderPlaced", "OrderShipped", "OrderDelivered", "OrderCanceled",
    "GiftCardSpendDeclined", "CreditSpendDeclined",
    "CouponCreated", "CouponRedeemed", "CouponRefused", "CouponRedemptionReversed", "CouponVoided", "CouponClaimGivenUp",
    "NameClaimed", "NameReleased",
    "RequestRemembered",
];

#[test]
fn each_event_type_is_on_one_of_two_lists() {
    let types = Event::TYPES.iter().flat_map(|(_, types)| types.iter()).chain(Event::COMMON_TYPES);
    let types: BTreeSet<&str> = types.map(|(event_type, _)| *event_type).collect();
    let listed: Vec<&str> = MONEY_EVENTS.iter().chain(OTHERS).copied().collect();
    let once: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "a type is listed twice");
    assert_eq!(types, once, "each type says either that it makes an entry, or that it makes none");
}

/// By the stored samples of each: those of one list make an entry or don't fit, those of the other change nothing.
#[test]
fn the_samples_make_entries_as_the_lists_say() {
    for category in Category::ALL {
        let path = format!("{}/../domain/samples/{category}.json", env!("CARGO_MANIFEST_DIR"));
        let samples: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for sample in samples {
            let event_type = sample["type"].as_str().unwrap();
            let data = serde_json::to_vec(&sample["data"]).unwrap();
            // One of an earlier version, or with a person in the clear, is none of today's.
            let Ok(event) = Event::decode(category, event_type, &data) else {
                assert!(!is_money_event(event_type), "{event_type}");
                continue;
            };
            let made = ledger::Document::apply(&mut None, &event);
            let makes_none = matches!(made, Ok(None));
            assert_eq!(makes_none, !is_money_event(event_type), "{event_type}: {made:?}");
        }
    }
}

#[test]
fn event_types_have_their_names() {
    for (name, event) in MONEY_EVENTS.iter().zip(MoneyEvent::ALL) {
        assert_eq!((event.as_str(), name.parse()), (*name, Ok(*event)));
        assert_eq!(serde_json::to_value(event).unwrap(), *name);
    }
    assert!("CartBilled".parse::<MoneyEvent>().is_err());
}

#[test]
fn accounts_have_names_that_stay() {
    #[rustfmt::skip]
    let names = [
        "receivable", "cash", "clearing:gift-card-sales", "clearing:gift-cards", "clearing:credits", "clearing:refund-credits",
        "gift-cards:sold", "gift-cards:given", "gift-cards:unstated", "credits", "refunds-payable", "unstated", "sales", "discounts",
        "shipping", "breakage", "goodwill",
    ];
    let fixed = Account::FIXED.map(|account| account.to_string());
    assert_eq!(fixed, names);
    assert!(Account::FIXED.is_sorted(), "the chart's order");
    let rates =
        [TaxRate::BasisPoints(0), TaxRate::BasisPoints(1_900), TaxRate::BasisPoints(u32::MAX), TaxRate::Unknown];
    for account in Account::FIXED.into_iter().chain(rates.map(Account::TaxPayable)) {
        let name = account.to_string();
        assert_eq!(name.parse(), Ok(account));
        assert_eq!(serde_json::to_value(account).unwrap(), name.as_str());
        assert_eq!(serde_json::from_value::<Account>(name.into()).unwrap(), account);
    }
    for nothing in [
        "",
        "Cash",
        "cash ",
        "gift-cards",
        "tax-payable:",
        "tax-payable:+19",
        "tax-payable:019",
        "tax-payable:4294967296",
    ] {
        assert!(nothing.parse::<Account>().is_err(), "{nothing}");
    }
}
