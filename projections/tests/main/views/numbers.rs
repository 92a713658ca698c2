//! Numbers: ranks in the log's order, whatever can't be read, whatever is rebuilt.

use crate::history::{Historian, Known};
use crate::world::{World, in_batches_of};
use cartlog_projections::store::ParkedUnit;
use cartlog_projections::views::{InvoiceFilter, NumberRow};
use cartlog_projections::{PageRequest, Start, Views};
use chrono::NaiveDate;
use domain::invoice::{InvoiceFailed, InvoiceIssued, RefundIssued};
use domain::numbers::{Document, NumberRestart, NumberSettings};
use domain::store::{StoreEvent, StoreNumberingChanged, StoreRenamed};
use domain::*;
use journal::testing::events::invoice_issued;
use std::sync::Arc;
use uuid::Uuid;

async fn issue(world: &mut World, store: StoreId, day: &str) -> InvoiceId {
    let (customer, cart, invoice) = (CustomerId(world.id()), CartId(world.id()), InvoiceId(world.id()));
    let issued_on: Option<NaiveDate> = day.parse().ok();
    let issued = InvoiceIssued { issued_on, ..invoice_issued(store, customer, cart, invoice, Vec::new()) };
    world.invoice_event(store, invoice, issued).await;
    invoice
}

async fn refund(world: &mut World, store: StoreId, invoice: InvoiceId, day: &str) -> RefundId {
    let refund_id = RefundId(world.id());
    let refunded = RefundIssued {
        refund_id,
        customer_id: CustomerId(world.id()),
        lines: Vec::new(),
        total_amount_in_cents: Cents::ZERO,
        credit_amount_in_cents: Cents::ZERO,
        credit_id: None,
        nothing_left: false,
        issued_on: day.parse().ok(),
    };
    world.invoice_event(store, invoice, refunded).await;
    refund_id
}

async fn number_so(
    world: &mut World,
    store: StoreId,
    invoices: &str,
    credit_notes: Option<&str>,
    restart: NumberRestart,
) {
    let format = |text: &str| text.parse().expect("a format");
    let numbering = NumberSettings {
        invoice_number_format: format(invoices),
        credit_note_number_format: credit_notes.map(format),
        number_restart: restart,
    };
    world.append(store, format!("store-{store}"), StoreEvent::from(StoreNumberingChanged { numbering })).await;
}

async fn number(views: &Views, document: Uuid) -> String {
    views.numbers(&[document]).await.expect("numbers").get(document).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_rank_in_its_store_by_the_format_of_its_time() {
    let mut world = World::default();
    let (one, other) = (world.store().await, world.store().await);
    let first = issue(&mut world, one, "").await;
    let of_other = issue(&mut world, other, "2026-12-31").await;
    let second = issue(&mut world, one, "2026-12-31").await;
    let refunded = refund(&mut world, one, second, "2026-12-31").await;
    number_so(&mut world, one, "R{year}-{n:03}", Some("G{n}/{year}"), NumberRestart::Yearly).await;
    let third = issue(&mut world, one, "2026-12-31").await;
    let next_year = issue(&mut world, one, "2027-01-01").await;
    // The clock of the node that issued it was behind.
    let late = issue(&mut world, one, "2026-12-31").await;
    let later = refund(&mut world, one, first, "2027-01-01").await;
    let failed = InvoiceFailed { customer_id: CustomerId(world.id()), cart_id: CartId(world.id()) };
    world.invoice_event(one, late, failed).await;
    let views = world.open().await.views();
    for (document, expected) in [
        (first.0, "1"),
        (of_other.0, "1"),
        (second.0, "2"),
        (refunded.0, "1"),
        // The years before the first settings count as well.
        (third.0, "R2026-003"),
        (next_year.0, "R2027-001"),
        (late.0, "R2026-004"),
        (later.0, "G1/2027"),
    ] {
        assert_eq!(number(&views, document).await, expected);
    }
    let found = async |store, of, number: &str| views.numbered(store, of, number).await.expect("a query");
    assert_eq!(found(one, Document::Invoice, "R2026-004").await.expect("found").invoice_id, late);
    assert_eq!(found(one, Document::CreditNote, "G1/2027").await.expect("found").refund_id, Some(later));
    assert_eq!(found(one, Document::CreditNote, "R2026-004").await, None);
    assert_eq!(found(other, Document::Invoice, "R2026-004").await, None, "it is another store's");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_by_numbers() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let (invoice, _) = (issue(&mut world, store, "").await, issue(&mut world, other, "").await);
    issue(&mut world, store, "").await;
    let refunded = refund(&mut world, store, invoice, "").await;
    refund(&mut world, store, invoice, "").await;
    let views = world.open().await.views();
    let customer = views.invoice(store, invoice).await.expect("a query").expect("an invoice").customer_id;
    let page = |start| PageRequest { start, limit: 2 };
    for (number, closed_too, expected) in [("1", true, vec![invoice]), ("1", false, vec![]), ("3", true, vec![])] {
        let filter = InvoiceFilter { number: Some(number.to_owned()), closed_too, ..InvoiceFilter::default() };
        let found = views.invoices(store, &filter, &page(Start::First)).await.expect("a page");
        assert_eq!(found.items.iter().map(|row| row.invoice_id).collect::<Vec<_>>(), expected);
        let found = views.customer_invoices(store, customer, &filter, &page(Start::Page(1))).await.expect("a page");
        assert_eq!(found.items.iter().map(|row| row.invoice_id).collect::<Vec<_>>(), expected);
        let second = views.invoices(store, &filter, &page(Start::Page(2))).await.expect("a page");
        assert!(second.items.is_empty() && second.next.is_none());
        let somebody_else = CustomerId(store.0);
        let found = views.customer_invoices(store, somebody_else, &filter, &page(Start::First)).await.expect("a page");
        assert!(found.items.is_empty());
    }
    let refunds = async |invoice, number| {
        views.refunds(store, invoice, Some(number), &page(Start::First)).await.expect("a page").items
    };
    assert_eq!(refunds(invoice, "1").await.iter().map(|row| row.refund.refund_id).collect::<Vec<_>>(), [refunded]);
    assert!(refunds(invoice, "3").await.is_empty());
    assert!(refunds(InvoiceId(store.0), "1").await.is_empty(), "it is another invoice's");
}

/// What can't be read takes its number, in whatever batches it comes, and once it can be read it is that number.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_takes_its_number() {
    for batch in [1, 3, 100] {
        let mut world = World::default();
        let store = world.store().await;
        let first = issue(&mut world, store, "").await;
        let refunds = [refund(&mut world, store, first, "").await, refund(&mut world, store, first, "").await];
        let second = issue(&mut world, store, "").await;
        let seen = async |views: &Views| {
            let ids = [first.0, second.0, refunds[0].0, refunds[1].0];
            let numbers = views.numbers(&ids).await.expect("numbers");
            ids.map(|id| numbers.get(id).unwrap_or_default())
        };
        world.log.damage_types(&["InvoiceIssued"]);
        let projections = world.open_with(world.restarted_journal(), in_batches_of(batch)).await;
        assert_eq!(seen(&projections.views()).await, ["1", "2", "1", "2"], "each has its stream's id");
        assert_eq!(parked(&projections.views()), Vec::<ParkedUnit>::new());
        drop(projections);
        world.log.damage_types(&["RefundIssued"]);
        let projections = world.open_with(world.restarted_journal(), in_batches_of(batch)).await;
        projections.rebuild(Some(&["numbers".to_owned()]), |_| {}).await.expect("rebuilt");
        let third = issue(&mut world, store, "").await;
        projections.start();
        let views = projections.views();
        assert_eq!(seen(world.caught_up(&views).await).await, ["1", "2", "", ""], "nobody can tell which is which");
        assert_eq!(number(&views, third.0).await, "3");
        assert_eq!(parked(&views).len(), 2);
        world.log.mend();
        projections.retry_parked().await.expect("tried");
        assert_eq!(seen(&views).await, ["1", "2", "1", "2"]);
        assert_eq!(parked(&views), Vec::<ParkedUnit>::new());
        projections.stop().await;
    }
}

fn parked(views: &Views) -> Vec<ParkedUnit> {
    let status = views.status();
    let numbers = status.views.iter().find(|view| view.name == "numbers").expect("the view");
    numbers.first_parked.iter().map(|parked| parked.unit.clone()).collect()
}

/// An event of which not even the store is known parks its stream; what comes after it there counts all the same, and has its number once
/// the stream can be read.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_an_event_of_nobody_counts() {
    let mut world = World::default();
    let store = world.store().await;
    let (first, second) = (issue(&mut world, store, "").await, issue(&mut world, store, "").await);
    let failed = InvoiceFailed { customer_id: CustomerId(world.id()), cart_id: CartId(world.id()) };
    world.invoice_event(store, first, failed).await;
    let waiting = refund(&mut world, store, first, "").await;
    let other = refund(&mut world, store, second, "").await;
    world.log.bare_types(&["InvoiceFailed"]);
    let projections = world.open_with(world.restarted_journal(), in_batches_of(2)).await;
    assert_eq!(number(&projections.views(), other.0).await, "2");
    assert_eq!(projections.views().numbers(&[waiting.0]).await.expect("numbers").get(waiting.0), None);
    assert_eq!(parked(&projections.views()), [ParkedUnit::Stream(format!("invoice-{first}"))]);
    world.log.mend();
    projections.retry_parked().await.expect("tried");
    assert_eq!(
        (number(&projections.views(), waiting.0).await, number(&projections.views(), other.0).await),
        ("1".into(), "2".into())
    );
}

/// A store event that can't be read and says how documents are numbered is told; any other changes nothing here.
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_are_told() {
    let mut world = World::default();
    let store = world.store().await;
    world.append(store, format!("store-{store}"), StoreEvent::from(StoreRenamed { name: "Tea".to_owned() })).await;
    number_so(&mut world, store, "R{n}", None, NumberRestart::Never).await;
    let invoice = issue(&mut world, store, "").await;
    world.log.damage_types(&["StoreRenamed"]);
    let projections = world.open_with(world.restarted_journal(), in_batches_of(2)).await;
    assert_eq!((number(&projections.views(), invoice.0).await.as_str(), parked(&projections.views())), ("R1", vec![]));
    world.log.damage_types(&["StoreNumberingChanged"]);
    projections.rebuild(Some(&["numbers".to_owned()]), |_| {}).await.expect("rebuilt");
    let stream = ParkedUnit::Stream(format!("store-{store}"));
    assert_eq!(
        (number(&projections.views(), invoice.0).await.as_str(), parked(&projections.views())),
        ("1", vec![stream])
    );
}

/// Whatever a shop did, each store has the numbers 1 to n of each kind, in the log's order.
#[tokio::test(flavor = "multi_thread")]
async fn random_shops_have_numbers_without_gaps() {
    let (mut world, mut historian) = (World::default(), Historian::new(41));
    historian.live(&mut world, 600).await;
    let views = world.open_with(world.restarted_journal(), in_batches_of(17)).await.views();
    let Known { stores, invoices, .. } = &historian.known;
    let mut by_store = vec![Vec::<Arc<NumberRow>>::new(); stores.len()];
    for invoice in invoices {
        for (store, rows) in stores.iter().zip(&mut by_store) {
            if let Some(row) = views.invoice(*store, *invoice).await.expect("a query") {
                let number = number(&views, row.invoice_id.0).await;
                rows.push(views.numbered(*store, Document::Invoice, &number).await.expect("a query").expect("a row"));
            }
        }
    }
    for rows in &mut by_store {
        rows.sort_by_key(|row| row.issued_position);
        assert!(rows.len() > 3, "there is something to number");
        assert!(rows.iter().map(|row| row.rank).eq(1..=rows.len() as u64), "{rows:?}");
    }
}
