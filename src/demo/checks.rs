//! Whether the store's books add up, each check by itself. Pure: books and tally in, verdicts out.

use super::books::Books;
use super::catalogue::euros;
use super::shopper::cents;
use super::tally::Tally;
use crate::units;
use serde_json::Value;
use std::collections::BTreeMap;

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub what: &'static str,
    /// What was compared, in figures.
    pub figures: String,
    /// The first thing that does not add up.
    pub fault: Option<String>,
}

/// All checks. `initial_stock` is what there was of each product before anybody shopped.
pub fn all(books: &Books, tally: &Tally, initial_stock: &BTreeMap<String, i64>) -> Vec<Check> {
    vec![
        top_ten(books, tally),
        invoices(books, tally),
        invoice_equation(books),
        stock(books, tally, initial_stock),
        reserved(books),
        balances("gift cards: balance = original − live spends", &books.gift_cards, "spends", spent(books, GIFT_CARDS)),
        balances("credits: balance = original − live spends", &books.credits, "redemptions", spent(books, CREDITS)),
        gift_cards_given(books, tally),
        metrics(books, tally),
    ]
}

const GIFT_CARDS: &str = "gift_card_used_amount_in_cents";
const CREDITS: &str = "credit_used_amount_in_cents";

fn check(what: &'static str, figures: String, fault: Option<String>) -> Check {
    Check { what, figures, fault }
}

fn differ<T: PartialEq + std::fmt::Display>(what: &str, left: T, right: T) -> Option<String> {
    (left != right).then(|| format!("{what}: {left} is not {right}"))
}

fn id<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn top_ten(books: &Books, tally: &Tally) -> Check {
    let (own, streamed) = (tally.top(10), &books.streamed.top_ten);
    let differs = own.iter().zip(streamed).find(|(own, streamed)| own != streamed);
    let fault = match differs {
        Some((own, streamed)) => {
            Some(format!("{} × {} was counted, {} × {} streamed", own.1, own.0, streamed.1, streamed.0))
        }
        None => differ("products", own.len(), streamed.len()),
    };
    let adds: u64 = streamed.iter().map(|(_, adds)| adds).sum();
    check("the streamed top ten = what shoppers counted", format!("{adds} adds of {} products", streamed.len()), fault)
}

fn invoices(books: &Books, tally: &Tally) -> Check {
    let in_state =
        |wanted: &[&str]| books.invoices.iter().filter(|invoice| wanted.contains(&id(invoice, "state"))).count() as u64;
    let total: i64 = books.invoices.iter().map(|invoice| cents(&invoice["total_amount_in_cents"])).sum();
    let fault = differ("invoices", books.invoices.len() as u64, tally.invoices)
        .or_else(|| differ("their total", total, tally.invoiced_in_cents))
        .or_else(|| {
            differ("collected ones", in_state(&["collected", "refunded", "partially refunded"]), tally.collected)
        })
        .or_else(|| differ("failed ones", in_state(&["failed"]), tally.failed))
        .or_else(|| differ("orders", books.orders.len() as u64, tally.collected));
    check(
        "invoices and orders = what shoppers were told",
        format!("{} invoices of {}", units::count(books.invoices.len() as u64), euros(total)),
        fault,
    )
}

/// api.md §6: total − discount + tax = gift cards + credits + to collect, and never more is refunded than that.
fn invoice_equation(books: &Books) -> Check {
    let wrong = |invoice: &&Value| {
        let amount = |field: &str| cents(&invoice[field]);
        let due = amount("total_amount_in_cents") - amount("discount_amount_in_cents") + amount("tax_amount_in_cents");
        let paid = amount(GIFT_CARDS) + amount(CREDITS) + amount("amount_due_in_cents");
        let lines: i64 = invoice["invoice_line_items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| cents(&line["total_amount_in_cents"]))
            .sum();
        let refunds: i64 = invoice["refunds"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|refund| cents(&refund["total_amount_in_cents"]))
            .sum();
        due != paid
            || lines != amount("total_amount_in_cents")
            || refunds != amount("refunded_amount_in_cents")
            || !(0..=due).contains(&refunds)
    };
    let fault = books.invoices.iter().find(wrong).map(|invoice| format!("invoice {}", id(invoice, "invoice_id")));
    check(
        "each invoice: total − discount + tax = gift cards + credits + to collect ≥ refunds",
        format!("{} invoices", books.invoices.len()),
        fault,
    )
}

fn stock(books: &Books, tally: &Tally, initial: &BTreeMap<String, i64>) -> Check {
    let by_orders = units(
        books.orders.iter().filter(|order| ["shipped", "delivered"].contains(&id(order, "status"))),
        "order_line_items",
    );
    let product_fault = |(product, initial): (&String, &i64)| {
        let stock = books.products.get(product).copied().unwrap_or_default();
        let shipped = by_orders.get(product).copied().unwrap_or_default();
        let told = tally.shipped_units.get(product).copied().unwrap_or_default();
        let on_hand = stock.inventory + stock.reserved;
        differ(&format!("product {product} on hand"), on_hand, initial - shipped)
            .or_else(|| differ(&format!("product {product} shipped"), shipped, told))
            .or_else(|| (stock.inventory < 0).then(|| format!("product {product} was oversold")))
    };
    let figures = format!("{} units − {} shipped", initial.values().sum::<i64>(), by_orders.values().sum::<i64>());
    check("each product: stock on hand = initial − shipped", figures, initial.iter().find_map(product_fault))
}

fn reserved(books: &Books) -> Check {
    let mut held = books.in_carts.clone();
    let open = books.invoices.iter().filter(|invoice| id(invoice, "state") == "open");
    let pending = books.orders.iter().filter(|order| id(order, "status") == "pending");
    for (product, quantity) in units(open, "invoice_line_items").into_iter().chain(units(pending, "order_line_items")) {
        *held.entry(product).or_default() += quantity;
    }
    let product_fault = |(product, stock): (&String, &super::books::Stock)| {
        differ(&format!("product {product} reserved"), stock.reserved, held.get(product).copied().unwrap_or_default())
    };
    let figures = format!("{} units", books.products.values().map(|stock| stock.reserved).sum::<i64>());
    let what = "each product: reserved = open carts + open invoices + pending orders";
    check(what, figures, books.products.iter().find_map(product_fault))
}

/// Units by product of the lines that have one.
fn units<'a>(of: impl Iterator<Item = &'a Value>, lines: &str) -> BTreeMap<String, i64> {
    let mut units = BTreeMap::new();
    for line in of.flat_map(|item| item[lines].as_array().into_iter().flatten()) {
        if let Some(product) = line["product_id"].as_str() {
            *units.entry(product.to_owned()).or_default() += cents(&line["quantity"]);
        }
    }
    units
}

/// What the invoices that did not fail say they spent.
fn spent(books: &Books, field: &str) -> i64 {
    books.invoices.iter().filter(|invoice| id(invoice, "state") != "failed").map(|invoice| cents(&invoice[field])).sum()
}

fn balances(what: &'static str, wallet: &[Value], spends: &str, spent_by_invoices: i64) -> Check {
    let live = |balance: &Value| -> i64 {
        let spends = balance[spends].as_array().into_iter().flatten();
        spends.filter(|spend| spend["reversed_at"].is_null()).map(|spend| cents(&spend["amount_in_cents"])).sum()
    };
    let sum = |field: &str| wallet.iter().map(|balance| cents(&balance[field])).sum::<i64>();
    let (original, current) = (sum("original_balance_in_cents"), sum("current_balance_in_cents"));
    let wrong = |balance: &&Value| {
        let (original, current) =
            (cents(&balance["original_balance_in_cents"]), cents(&balance["current_balance_in_cents"]));
        current != original - live(balance) || current < 0
    };
    let fault = wallet.iter().find(wrong).map(|balance| {
        let id = balance["gift_card_id"].as_str().or(balance["credit_id"].as_str()).unwrap_or_default();
        format!("balance {id}")
    });
    let fault = fault.or_else(|| differ("spent by the invoices", original - current, spent_by_invoices));
    check(what, format!("{} = {} − {}", euros(current), euros(original), euros(original - current)), fault)
}

fn gift_cards_given(books: &Books, tally: &Tally) -> Check {
    let given: i64 = books.gift_cards.iter().map(|card| cents(&card["original_balance_in_cents"])).sum();
    let from_refunds: i64 = refunds_as_credit(books);
    let credits: i64 = books.credits.iter().map(|credit| cents(&credit["original_balance_in_cents"])).sum();
    let fault = differ("gift cards", given, tally.gift_cards_in_cents)
        .or_else(|| differ("credits", credits, tally.credits_in_cents + from_refunds));
    let figures = format!("{} of gift cards, {} of credits", euros(given), euros(credits));
    check("gift cards and credits = what was given and refunded", figures, fault)
}

/// Σ of what refunds gave as credits.
pub fn refunds_as_credit(books: &Books) -> i64 {
    let refunds = books.invoices.iter().flat_map(|invoice| invoice["refunds"].as_array().into_iter().flatten());
    refunds.map(|refund| cents(&refund["credit_amount_in_cents"])).sum()
}

fn metrics(books: &Books, tally: &Tally) -> Check {
    let streamed = &books.streamed;
    let most_used = tally.coupons_used.values().max().copied();
    let fault = differ("invoice amount", streamed.invoiced_in_cents, tally.invoiced_in_cents)
        .or_else(|| differ("new customers", streamed.new_customers, books.customers as i64))
        .or_else(|| differ("customer log-ins", streamed.customer_logins, tally.logged_in.len() as i64))
        .or_else(|| match (&streamed.top_coupon, most_used) {
            (Some((code, uses)), Some(most)) => differ(&format!("uses of {code}"), *uses, most),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => Some("the top coupon is none, or should be".to_owned()),
        });
    let figures = format!("{} log-ins, {} new customers", streamed.customer_logins, streamed.new_customers);
    check("the other streamed metrics = what shoppers counted", figures, fault)
}
