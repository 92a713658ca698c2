//! The amounts of an invoice, by example and by property.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

pub(crate) fn cents(cents: i64) -> Cents {
    Cents::new(cents).unwrap()
}

/// Terms with a line for each (quantity, price); the ids follow from the lines' numbers.
pub(crate) fn terms(lines: &[(u32, i64)], tax_rate_in_basis_points: u32) -> BillingTerms {
    let item = |(number, &(quantity, price)): (usize, &(u32, i64))| BilledItem {
        invoice_line_item_id: InvoiceLineItemId(Uuid::from_u128(0x1000 + number as u128)),
        cart_item_id: CartItemId(Uuid::from_u128(0x2000 + number as u128)),
        product_id: ProductId(Uuid::from_u128(0x3000 + number as u128)),
        product_title: format!("Product {number}"),
        quantity,
        unit_amount_in_cents: cents(price),
    };
    BillingTerms {
        currency: "EUR".parse().unwrap(),
        items: lines.iter().enumerate().map(item).collect(),
        shipping: None,
        tax_rate_in_basis_points,
        wallet: Vec::new(),
    }
}

pub(crate) fn with_shipping(terms: BillingTerms, amount: i64) -> BillingTerms {
    let shipping = BilledShipping {
        invoice_line_item_id: InvoiceLineItemId(Uuid::from_u128(0x4000)),
        amount_in_cents: cents(amount),
    };
    BillingTerms { shipping: Some(shipping), ..terms }
}

/// Terms of a cart as it may come, and a discount that fits them.
pub(crate) fn any_terms() -> impl Strategy<Value = (BillingTerms, Cents)> {
    let price = prop_oneof![Just(0), 1..100i64, 1..1_000_000i64];
    let lines = vec((prop_oneof![1..5u32, 1..=10_000u32], price), 1..8);
    let discount = prop_oneof![Just(0.0), 0.0..=1.0f64, Just(1.0)];
    (lines, 0..=10_000u32, proptest::option::of(0..100_000i64), discount).prop_map(|(lines, rate, shipping, share)| {
        let terms = terms(&lines, rate);
        let discount = cents((terms.items_total().unwrap().get() as f64 * share) as i64);
        (shipping.map_or(terms.clone(), |amount| with_shipping(terms, amount)), discount)
    })
}

proptest! {
    #[test]
    fn the_parts_of_the_lines_sum_to_the_whole((terms, discount) in any_terms()) {
        let lines = terms.lines(discount).unwrap();
        let totals = Totals::of(&lines).unwrap();
        let shipping = terms.shipping.as_ref().map_or(Cents::ZERO, |shipping| shipping.amount_in_cents);
        prop_assert_eq!(totals.discount, discount);
        prop_assert_eq!(totals.total, terms.items_total().unwrap().plus(shipping).unwrap());
        prop_assert_eq!(totals.due.get(), totals.total.get() - totals.discount.get() + totals.tax.get());
        prop_assert_eq!(totals.due, Cents::sum(lines.iter().map(|line| line.gross().unwrap())).unwrap());
    }

    #[test]
    fn no_line_is_discounted_below_nothing_and_shipping_never((terms, discount) in any_terms()) {
        for line in terms.lines(discount).unwrap() {
            prop_assert!(line.discount_amount_in_cents <= line.total_amount_in_cents);
            if line.kind == LineKind::Shipping {
                prop_assert_eq!((line.discount_amount_in_cents, line.tax_amount_in_cents), (Cents::ZERO, Cents::ZERO));
            }
            // Each line says what it was taxed at.
            let rate = if line.kind == LineKind::Shipping { 0 } else { terms.tax_rate_in_basis_points };
            prop_assert_eq!(line.tax_rate_in_basis_points, Some(rate));
        }
    }

    /// What `check_amounts` promises of a billing whose coupon has not answered yet.
    #[test]
    fn a_discount_never_raises_what_is_due((terms, discount) in any_terms()) {
        let due = |discount| Totals::of(&terms.lines(discount).unwrap()).unwrap().due;
        prop_assert!(due(discount) <= due(Cents::ZERO));
    }
}

#[test]
fn a_discount_on_25_times_399_does_not_drift() {
    let lines = terms(&[(25, 39_900)], 0).lines(cents(99_750)).unwrap();
    assert_eq!(Totals::of(&lines).unwrap().due, cents(997_500 - 99_750));
    // The same goods on 25 lines: to the cent the same discount and due.
    let lines = terms(&[(1, 39_900); 25], 0).lines(cents(99_750)).unwrap();
    let totals = Totals::of(&lines).unwrap();
    assert_eq!((totals.discount, totals.due), (cents(99_750), cents(997_500 - 99_750)));
    assert!(lines.iter().all(|line| line.discount_amount_in_cents == cents(3_990)));
    // One cent more goes to the first line alone.
    let lines = terms(&[(1, 39_900); 25], 0).lines(cents(99_751)).unwrap();
    assert_eq!(lines[0].discount_amount_in_cents, cents(3_991));
    assert!(lines[1..].iter().all(|line| line.discount_amount_in_cents == cents(3_990)));
}

#[test]
fn a_discount_of_all_leaves_the_shipping() {
    let terms = with_shipping(terms(&[(3, 333), (1, 1)], 1_900), 499);
    let totals = Totals::of(&terms.lines(terms.items_total().unwrap()).unwrap()).unwrap();
    assert_eq!(
        (totals.total, totals.discount, totals.tax, totals.due),
        (cents(1_499), cents(1_000), cents(0), cents(499))
    );
}

#[test]
fn odd_cents_go_to_the_largest_remainder_and_tax_is_on_what_is_left_of_each_line() {
    // 100 over 333, 333 and 334: 33.3, 33.3 and 33.4.
    let lines = terms(&[(1, 333), (1, 333), (1, 334)], 1_000).lines(cents(100)).unwrap();
    let parts: Vec<i64> = lines.iter().map(|line| line.discount_amount_in_cents.get()).collect();
    assert_eq!(parts, [33, 33, 34]);
    let taxes: Vec<i64> = lines.iter().map(|line| line.tax_amount_in_cents.get()).collect();
    assert_eq!(taxes, [30, 30, 30]);
    // 5 % of 10 is half a cent: up.
    assert_eq!(terms(&[(1, 10)], 500).lines(Cents::ZERO).unwrap()[0].tax_amount_in_cents, cents(1));
    assert_eq!(terms(&[(1, 9)], 500).lines(Cents::ZERO).unwrap()[0].tax_amount_in_cents, cents(0));
}

#[test]
fn what_leaves_the_range_of_amounts_is_refused_wherever_it_happens() {
    let max = Cents::MAX.get();
    let too_much = [
        ("a line", terms(&[(2, max)], 0)),
        ("the items", terms(&[(1, max), (1, 1)], 0)),
        ("the shipping on top", with_shipping(terms(&[(1, max)], 0), 1)),
        ("the tax on top", terms(&[(1, max)], 1)),
        ("a rate that no store has", terms(&[(1, max)], u32::MAX)),
    ];
    for (what, terms) in too_much {
        assert_eq!(terms.check_amounts(), Err(AmountOutOfRange), "{what}");
    }
    assert_eq!(terms(&[(10_000, 1_000_000_000)], 0).check_amounts(), Ok(()));
    assert_eq!(terms(&[(1, 100)], 0).lines(cents(101)), Err(AmountOutOfRange), "more off than the items cost");
    assert_eq!(terms(&[(1, 0)], 0).lines(cents(1)), Err(AmountOutOfRange), "something off nothing");
}

#[test]
fn a_wallet_is_cut_to_the_first_balances_and_titles_where_they_are_too_long() {
    let mut long = terms(&[(1, 100), (1, 100)], 0);
    long.wallet = (0..260).map(|number| WalletRef::Credit(CreditId(Uuid::from_u128(number)))).collect();
    let bounded = long.clone().with_bounded_wallet();
    assert_eq!(bounded.wallet, long.wallet[..crate::limits::MAX_WALLET]);
    long.items[0].product_title = "Äpfel & Birnen".to_owned();
    let titles = |most_chars: usize| {
        let cut = long.clone().with_short_titles(most_chars);
        cut.items.into_iter().map(|item| item.product_title).collect::<Vec<_>>()
    };
    assert_eq!(titles(14), ["Äpfel & Birnen", "Product 1"]);
    assert_eq!(titles(9), ["Äpfel & …", "Product 1"]);
    assert_eq!(titles(1), ["…", "…"]);
    assert_eq!(titles(0), ["", ""]);
}
