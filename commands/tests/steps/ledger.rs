//! What a log comes to, by its own streams alone: every aggregate folded, and what must always hold between them.

use crate::world::World;
use domain::cart::{Cart, CartEvent};
use domain::coupon::Coupon;
use domain::credit::Credit;
use domain::customer::Customer;
use domain::gift_card::GiftCard;
use domain::invoice::{Invoice, InvoiceStatus};
use domain::order::{Order, OrderStatus};
use domain::product::Product;
use domain::{CartId, Decider, Event, InvoiceId, OrderId, ProductId};
use eventlog::{Position, StreamName};
use journal::{Delivery, Envelope};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The state of everything, without ids, so that two worlds can be compared. Each list is in the order of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Title, available, held.
    pub products: Vec<(String, i64, i64)>,
    /// Quantities of each open cart.
    pub carts: Vec<Vec<u32>>,
    /// Status, total − discount + tax, due, refunded.
    pub invoices: Vec<(String, i64, i64, i64)>,
    pub orders: Vec<OrderStatus>,
    /// Original, current.
    pub gift_cards: Vec<(i64, i64)>,
    pub credits: Vec<(i64, i64)>,
    /// Uses that count.
    pub coupons: Vec<u64>,
    /// Whether each customer lives.
    pub customers: Vec<bool>,
}

struct Streams {
    events: Vec<Arc<Envelope>>,
}

impl Streams {
    async fn read(world: &World) -> Self {
        let deliveries = world.journal().read_all(Position::START, usize::MAX).await.expect("the log can be read");
        let events = deliveries.into_iter().map(|delivery| match delivery {
            Delivery::Event(envelope) => envelope,
            Delivery::Unreadable(unreadable) => panic!("{unreadable}"),
        });
        Self { events: events.collect() }
    }

    /// Every stream of the aggregate, in the order of their first events.
    fn folded<A: Decider>(&self) -> Vec<A> {
        let mut places: HashMap<StreamName, usize> = HashMap::new();
        let mut states: Vec<A> = Vec::new();
        for envelope in &self.events {
            let Some(event) = A::event(envelope.event.clone()) else { continue };
            let place = *places.entry(envelope.stream.clone()).or_insert_with(|| {
                states.push(A::default());
                states.len() - 1
            });
            let folded = states[place].evolve(&event, envelope.metadata.occurred_at);
            folded.unwrap_or_else(|impossible| panic!("{} at {}: {impossible}", envelope.stream, envelope.revision));
        }
        states
    }

    /// What was billed of each cart: invoice, and quantities by product.
    fn billed(&self) -> HashMap<CartId, (InvoiceId, BTreeMap<ProductId, u32>)> {
        let mut billed = HashMap::new();
        for envelope in &self.events {
            if let Event::Cart(CartEvent::CartBilled(event)) = &envelope.event {
                let items = event.terms.items.iter().map(|item| (item.product_id, item.quantity)).collect();
                let before = billed.insert(event.cart_id, (event.invoice_id, items));
                assert!(before.is_none(), "cart {} was billed twice", event.cart_id);
            }
        }
        billed
    }
}

/// Folds the log, and checks what must hold at any moment. `settled`: nothing is under way, so what is held is exactly what is
/// had.
pub async fn ledger(world: &World, settled: bool) -> Ledger {
    let streams = Streams::read(world).await;
    let invoices: Vec<_> =
        streams.folded::<Invoice>().into_iter().filter_map(|invoice| invoice.known().cloned()).collect();
    let orders: Vec<_> = streams.folded::<Order>().into_iter().filter_map(|order| order.known().cloned()).collect();
    check_stock(&streams, settled);
    check_balances(&streams, &invoices, settled);
    for invoice in &invoices {
        check_invoice(invoice);
        let collected = !matches!(invoice.status, InvoiceStatus::Open | InvoiceStatus::Failed);
        let placed = orders.iter().any(|order| order.order_id == OrderId::of_invoice(invoice.invoice_id));
        assert!(!settled || collected == placed, "invoice {} and its order", invoice.invoice_id);
    }
    Ledger {
        products: streams
            .folded::<Product>()
            .iter()
            .filter_map(Product::known)
            .map(|product| (product.title.clone(), product.available, held(product)))
            .collect(),
        carts: streams
            .folded::<Cart>()
            .iter()
            .filter_map(Cart::current)
            .map(|cart| cart.items.iter().map(|item| item.quantity).collect())
            .collect(),
        invoices: invoices
            .iter()
            .map(|invoice| {
                let refunded = invoice.refunded().expect("in range").get();
                (format!("{:?}", invoice.status), gross(invoice), invoice.amount_due_in_cents.get(), refunded)
            })
            .collect(),
        orders: orders.iter().map(|order| order.status).collect(),
        gift_cards: streams
            .folded::<GiftCard>()
            .iter()
            .filter_map(GiftCard::known)
            .map(|card| (card.balance.original.get(), card.balance.current.get()))
            .collect(),
        credits: streams
            .folded::<Credit>()
            .iter()
            .filter_map(Credit::known)
            .map(|credit| (credit.balance.original.get(), credit.balance.current.get()))
            .collect(),
        coupons: streams
            .folded::<Coupon>()
            .iter()
            .filter_map(Coupon::known)
            .map(|coupon| coupon.redemption_count)
            .collect(),
        customers: streams.folded::<Customer>().iter().map(|customer| customer.live().is_some()).collect(),
    }
}

fn held(product: &domain::product::KnownProduct) -> i64 {
    product.holds.values().map(|hold| i64::from(hold.quantity)).sum()
}

fn gross(invoice: &domain::invoice::KnownInvoice) -> i64 {
    invoice.lines.iter().map(|line| line.line.gross().expect("in range").get()).sum()
}

/// Held ≥ what open carts, open invoices and pending orders have; equal once settled. Available is never below 0.
fn check_stock(streams: &Streams, settled: bool) {
    let mut has: HashMap<(CartId, ProductId), u32> = HashMap::new();
    for cart in streams.folded::<Cart>() {
        let Some(cart) = cart.current().cloned() else { continue };
        has.extend(cart.items.iter().map(|item| ((cart.cart_id, item.product_id), item.quantity)));
    }
    let invoices = streams.folded::<Invoice>();
    let orders = streams.folded::<Order>();
    for (cart, (invoice_id, items)) in streams.billed() {
        let invoice = invoices.iter().filter_map(Invoice::known).find(|invoice| invoice.invoice_id == invoice_id);
        let order = orders.iter().filter_map(Order::known).find(|order| order.invoice_id == invoice_id);
        let over = invoice.is_some_and(|invoice| invoice.status == InvoiceStatus::Failed)
            || order.is_some_and(|order| order.status != OrderStatus::Pending);
        if !over {
            has.extend(items.into_iter().map(|(product, quantity)| ((cart, product), quantity)));
        }
    }
    for product in streams.folded::<Product>() {
        let Some(product) = product.known() else { continue };
        assert!(product.available >= 0, "{} has {} left", product.title, product.available);
        for ((cart, _), quantity) in has.iter().filter(|((_, id), _)| *id == product.product_id) {
            let held = product.holds.get(cart).map_or(0, |hold| hold.quantity);
            assert!(held >= *quantity, "{}: {held} held for {cart}, which has {quantity}", product.title);
        }
        let had: i64 =
            has.iter().filter(|((_, id), _)| *id == product.product_id).map(|(_, quantity)| i64::from(*quantity)).sum();
        assert!(
            !settled || held(product) == had,
            "{}: {} held, carts and orders have {had}",
            product.title,
            held(product)
        );
    }
}

/// Balance = original − live spends, 0 once voided; each invoice's spends are the balances' own.
fn check_balances(streams: &Streams, invoices: &[domain::invoice::KnownInvoice], settled: bool) {
    let balances = streams
        .folded::<GiftCard>()
        .iter()
        .filter_map(|card| card.known().map(|card| card.balance.clone()))
        .collect::<Vec<_>>();
    let credits = streams
        .folded::<Credit>()
        .iter()
        .filter_map(|credit| credit.known().map(|credit| credit.balance.clone()))
        .collect::<Vec<_>>();
    let mut spent: BTreeMap<InvoiceId, i64> = BTreeMap::new();
    for balance in balances.iter().chain(&credits) {
        let live: i64 =
            balance.answers.values().filter(|answer| !answer.reversed).map(|answer| answer.amount.get()).sum();
        let expected = if balance.voided_at.is_some() { 0 } else { balance.original.get() - live };
        assert_eq!(balance.current.get(), expected, "a balance and its spends");
        let is_failed = |id: &InvoiceId| {
            invoices.iter().any(|invoice| invoice.invoice_id == *id && invoice.status == InvoiceStatus::Failed)
        };
        // What a bill asked beyond what an invoice takes went back before there was one.
        let counts = |(id, answer): &(&InvoiceId, &domain::balance::SpendAnswer)| !answer.reversed || is_failed(id);
        for (invoice, answer) in balance.answers.iter().filter(counts) {
            *spent.entry(*invoice).or_default() += answer.amount.get();
        }
    }
    for invoice in invoices.iter().filter(|_| settled) {
        let live = balances.iter().chain(&credits).filter_map(|balance| balance.answers.get(&invoice.invoice_id));
        let is_failed = invoice.status == InvoiceStatus::Failed;
        assert!(
            !is_failed || live.clone().all(|answer| answer.reversed),
            "what failed invoice {} spent",
            invoice.invoice_id
        );
        let used: i64 = invoice.gift_card_spends.iter().map(|spend| spend.amount_in_cents.get()).sum::<i64>()
            + invoice.credit_redemptions.iter().map(|redemption| redemption.amount_in_cents.get()).sum::<i64>();
        assert_eq!(
            used,
            spent.get(&invoice.invoice_id).copied().unwrap_or(0),
            "what invoice {} spent",
            invoice.invoice_id
        );
        assert_eq!(gross(invoice), used + invoice.amount_due_in_cents.get(), "invoice {}", invoice.invoice_id);
    }
}

/// Refunds never exceed what was invoiced, in all and of each line.
fn check_invoice(invoice: &domain::invoice::KnownInvoice) {
    let refunded = invoice.refunded().expect("in range").get();
    assert!(refunded <= gross(invoice), "invoice {} was refunded {refunded} of {}", invoice.invoice_id, gross(invoice));
    for line in &invoice.lines {
        assert!(line.refunded <= line.line.gross().expect("in range"), "a line of invoice {}", invoice.invoice_id);
    }
}
