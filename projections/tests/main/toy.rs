//! Views as the next ones are: rows by a store and a day, or a store and a number, folded by what is kept of their store. And that
//! such a view can be made from outside, of nothing but what is public.

use crate::world::{BEGINNING, World, in_batches_of};
use cartlog_projections::store::{
    Column, Index, KeyKind, Labels, List, ParkedUnit, Search, SearchField, Searched, Value, ViewDeclaration,
};
use cartlog_projections::{
    AnyView, FillError, FoldError, KeyPart, Keys, Misfit, PageRequest, ProjectionSettings, Projections, RowKey, Source,
    Start, StoreState, StoreTimezone, View, Views,
};
use chrono::{Datelike, NaiveDate};
use domain::invoice::{InvoiceCollected, InvoiceEvent, InvoiceFailed};
use domain::store::{StoreEvent, StoreTimezoneChanged};
use domain::{CartId, Category, Cents, CustomerId, Event, InvoiceId, OrderId, StoreId};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

const HOUR: i64 = 3_600_000;

/// What was collected on each day of a store, as its time zone was then.
struct Takings;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TakingsRow {
    store_id: StoreId,
    day: NaiveDate,
    cents: i64,
    invoices: u32,
}

fn by_day(store: StoreId, day: NaiveDate) -> RowKey {
    RowKey::of(&[KeyPart::Id(store.0), KeyPart::Day(day)])
}

const BY_STORE: Index = Index { name: "by_store", equal: &["store_id"], sort: Some("day"), covering: &[] };

/// So much on one day is more than this view believes.
const UNBELIEVABLE: i64 = 666_666;

impl View for Takings {
    type Row = TakingsRow;
    type Store = StoreTimezone;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "takings",
        version: 1,
        key: KeyKind::Parts,
        stores: true,
        columns: &[Column::id("store_id"), Column::integer("day")],
        indexes: &[BY_STORE],
        labels: Some(Labels { name: "weekday", equal: &["store_id"], sort: "day" }),
        search: Some(Searched { scope: "store_id", fields: &[SearchField { name: "month", weight: 1 }], then: "day" }),
    };
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Invoice]);

    fn keys(envelope: &Envelope, store: &StoreTimezone) -> Keys {
        match &envelope.event {
            Event::Invoice(InvoiceEvent::InvoiceCollected(_)) => {
                Keys::One(by_day(envelope.metadata.store_id, store.day(envelope)))
            }
            _ => Keys::None,
        }
    }

    fn apply(
        row: &mut Option<TakingsRow>,
        _: RowKey,
        envelope: &Envelope,
        store: &StoreTimezone,
    ) -> Result<(), Misfit> {
        let Event::Invoice(InvoiceEvent::InvoiceCollected(event)) = &envelope.event else {
            return Err(Misfit("nothing was collected"));
        };
        if event.amount_in_cents.get() == UNBELIEVABLE {
            return Err(Misfit("nobody believes that"));
        }
        let (store_id, day) = (envelope.metadata.store_id, store.day(envelope));
        let row = row.get_or_insert(TakingsRow { store_id, day, cents: 0, invoices: 0 });
        row.cents += event.amount_in_cents.get();
        row.invoices += 1;
        Ok(())
    }

    fn columns(row: &TakingsRow) -> Vec<Value> {
        vec![row.store_id.0.into(), i64::from(row.day.num_days_from_ce()).into()]
    }

    fn labels(row: &TakingsRow) -> Vec<String> {
        vec![row.day.weekday().to_string()]
    }

    fn search_text(row: &TakingsRow) -> Option<Vec<String>> {
        Some(vec![row.day.format("%B").to_string()])
    }
}

/// The invoices of a store that are over, numbered in the order in which they ended.
struct Endings;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EndingRow {
    store_id: StoreId,
    number: u64,
    is_collected: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Last(u64);

impl StoreState for Last {
    fn concerns(envelope: &Envelope) -> bool {
        is_end(envelope)
    }

    /// Counts whatever it is given: only what concerns it may be.
    fn apply(&mut self, _: &Envelope) {
        self.0 += 1;
    }
}

fn is_end(envelope: &Envelope) -> bool {
    use InvoiceEvent::*;
    matches!(&envelope.event, Event::Invoice(InvoiceCollected(_) | InvoiceFailed(_)))
}

const IN_ORDER: Index = Index { name: "in_order", equal: &["store_id"], sort: None, covering: &[] };

impl View for Endings {
    type Row = EndingRow;
    type Store = Last;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "endings",
        version: 1,
        key: KeyKind::Parts,
        stores: true,
        columns: &[Column::id("store_id")],
        indexes: &[IN_ORDER],
        labels: None,
        search: None,
    };
    /// Of the stores' events none concerns what is kept.
    const SOURCE: Source = Source::Streams(&[Category::Store, Category::Invoice]);

    fn keys(envelope: &Envelope, last: &Last) -> Keys {
        let parts = [KeyPart::Id(envelope.metadata.store_id.0), KeyPart::Number(last.0 + 1)];
        if is_end(envelope) { Keys::One(RowKey::of(&parts)) } else { Keys::None }
    }

    fn begins(_: &Envelope) -> bool {
        true
    }

    fn apply(row: &mut Option<EndingRow>, _: RowKey, envelope: &Envelope, last: &Last) -> Result<(), Misfit> {
        let is_collected = matches!(&envelope.event, Event::Invoice(InvoiceEvent::InvoiceCollected(_)));
        *row = Some(EndingRow { store_id: envelope.metadata.store_id, number: last.0 + 1, is_collected });
        Ok(())
    }

    fn columns(row: &EndingRow) -> Vec<Value> {
        vec![row.store_id.0.into()]
    }
}

static WITH_TOYS: std::sync::LazyLock<&'static [AnyView]> = std::sync::LazyLock::new(|| {
    // In this order: what is numbered has been gone through when there turns out to be no room for what was taken.
    let toys = [AnyView::of::<Endings>(), AnyView::of::<Takings>()];
    cartlog_projections::views::ALL.iter().copied().chain(toys).collect::<Vec<_>>().leak()
});

fn in_batches(events: usize) -> ProjectionSettings {
    ProjectionSettings { declared: *WITH_TOYS, ..in_batches_of(events) }
}

/// Of the store, by day.
async fn takings(views: &Views, store: StoreId) -> Vec<(String, i64, u32)> {
    let list = List::through(&BY_STORE, vec![store.0.into()]).ascending();
    let rows = views.of::<Takings>().expect("filled").list(list).await.expect("rows");
    rows.iter().map(|row| (row.day.to_string(), row.cents, row.invoices)).collect()
}

/// Of the store, in order.
async fn endings(views: &Views, store: StoreId) -> Vec<(u64, bool)> {
    let list = List::through(&IN_ORDER, vec![store.0.into()]).ascending();
    let rows = views.of::<Endings>().expect("filled").list(list).await.expect("rows");
    rows.iter().map(|row| (row.number, row.is_collected)).collect()
}

async fn collect(world: &mut World, store: StoreId, cents: i64) {
    let invoice = InvoiceId(world.id());
    let collected = InvoiceCollected {
        order_id: OrderId::of_invoice(invoice),
        customer_id: CustomerId(world.id()),
        cart_id: CartId(world.id()),
        amount_in_cents: Cents::new(cents).expect("cents"),
        currency: Some("USD".parse().expect("a currency")),
        items: Vec::new(),
    };
    // Of no cart that anybody knows: these views ask for nothing else.
    world.append_now(store, format!("invoice-{invoice}"), InvoiceEvent::from(collected)).await;
}

async fn fail(world: &mut World, store: StoreId) {
    let invoice = InvoiceId(world.id());
    let failed = InvoiceFailed { customer_id: CustomerId(world.id()), cart_id: CartId(world.id()) };
    world.append_now(store, format!("invoice-{invoice}"), InvoiceEvent::from(failed)).await;
}

async fn moves_to(world: &mut World, store: StoreId, timezone: &str) {
    let event = StoreTimezoneChanged { timezone: timezone.to_owned() };
    world.append_now(store, format!("store-{store}"), StoreEvent::from(event)).await;
}

/// Two stores, one of which moves to Auckland and on to Honolulu each day, all at eleven in the evening of a day in UTC.
async fn history(world: &mut World) -> [StoreId; 2] {
    let stores = [world.store().await, world.store().await];
    for day in 0..3 {
        world.now = BEGINNING + day * 24 * HOUR + 23 * HOUR;
        collect(world, stores[0], 100).await;
        collect(world, stores[1], 7).await;
        moves_to(world, stores[0], "Pacific/Auckland").await;
        collect(world, stores[0], 10).await;
        fail(world, stores[0]).await;
        moves_to(world, stores[0], "Pacific/Honolulu").await;
        collect(world, stores[0], 1).await;
        moves_to(world, stores[0], "UTC").await;
    }
    stores
}

async fn assert_right(views: &Views, stores: [StoreId; 2]) {
    let [moved, other] = stores;
    let days = [("2026-01-01", 101, 2), ("2026-01-02", 111, 3), ("2026-01-03", 111, 3), ("2026-01-04", 10, 1)];
    assert_eq!(takings(views, moved).await, days.map(|(day, cents, invoices)| (day.to_owned(), cents, invoices)));
    let days = ["2026-01-01", "2026-01-02", "2026-01-03"];
    assert_eq!(takings(views, other).await, days.map(|day| (day.to_owned(), 7, 1)));
    let ends = [true, true, false, true].into_iter().cycle().take(12);
    assert_eq!(endings(views, moved).await, (1..).zip(ends).collect::<Vec<_>>());
    assert_eq!(endings(views, other).await, [(1, true), (2, true), (3, true)]);
}

/// Each event of a store finds it as the events before it have left it: in the same batch, in one before, and after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_store_is_what_it_was_before_the_event_however_the_log_is_cut() {
    for batch in [1, 2, 3, 5, 1_000] {
        let mut world = World::default();
        let projections = world.open_with(world.journal.clone(), in_batches(batch)).await;
        projections.start();
        let stores = history(&mut world).await;
        assert_right(world.caught_up(&projections.views()).await, stores).await;
        projections.stop().await;
        // What it goes on from is what was stored.
        for store in stores {
            collect(&mut world, store, 5).await;
        }
        let views = world.open_with(world.restarted_journal(), in_batches(batch)).await.views();
        assert_eq!(endings(&views, stores[0]).await.last(), Some(&(13, true)), "in batches of {batch}");
        assert_eq!(takings(&views, stores[1]).await.last(), Some(&("2026-01-03".to_owned(), 12, 2)));
    }
}

/// A batch that takes too much memory is given up, and folded in parts: what it had made of the stores goes with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_cut_counts_nothing_twice() {
    let mut world = World::default();
    let projections = world.open_with(world.journal.clone(), in_batches(1_000)).await;
    projections.start();
    let stores = history(&mut world).await;
    world.caught_up(&projections.views()).await;
    projections.stop().await;
    for _ in 0..20 {
        collect(&mut world, stores[0], 1).await;
        fail(&mut world, stores[1]).await;
    }
    let narrow = ProjectionSettings { rows_bytes: 1, ..in_batches(1_000) };
    let views = world.open_with(world.restarted_journal(), narrow).await.views();
    assert_eq!(endings(&views, stores[0]).await.len(), 32);
    assert_eq!(endings(&views, stores[0]).await.last(), Some(&(32, true)));
    assert_eq!(endings(&views, stores[1]).await.last(), Some(&(23, false)));
    assert_eq!(takings(&views, stores[0]).await[2], ("2026-01-03".to_owned(), 131, 23));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_same_rows_and_the_old_tables_go() {
    let mut world = World::default();
    let stores = history(&mut world).await;
    let projections = world.open_with(world.journal.clone(), in_batches(4)).await;
    projections.start();
    projections.rebuild(Some(&["takings".to_owned(), "endings".to_owned()]), |_| {}).await.expect("rebuilt");
    assert_right(&projections.views(), stores).await;
    for store in stores {
        collect(&mut world, store, 5).await;
    }
    let views = projections.views();
    assert_eq!(endings(world.caught_up(&views).await, stores[1]).await.last(), Some(&(4, true)));
    projections.stop().await;
}

async fn pages(views: &Views, store: StoreId, index: &'static Index, limit: u32) -> Vec<Vec<RowKey>> {
    let reader = views.of::<Takings>().expect("filled");
    let (mut start, mut pages, mut back) = (Start::First, Vec::new(), Vec::new());
    let keys = |rows: &[Arc<TakingsRow>]| rows.iter().map(|row| by_day(row.store_id, row.day)).collect::<Vec<_>>();
    let list = || List::through(index, vec![store.0.into()]);
    while let Ok(page) = reader.page("takings", &[store.0], list(), &PageRequest { start, limit }).await {
        pages.push(keys(&page.items));
        back.push(page.previous);
        let Some(next) = page.next else { break };
        start = Start::At(next.to_string().parse().expect("a cursor"));
    }
    for (place, previous) in back.into_iter().enumerate().filter_map(|(place, cursor)| Some((place, cursor?))) {
        let before = PageRequest { start: Start::At(previous), limit };
        let page = reader.page("takings", &[store.0], list(), &before).await.expect("the page before");
        assert_eq!(keys(&page.items), pages[place - 1]);
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_compound_keys_are_found_by_key_list_label_and_search() {
    let mut world = World::default();
    let stores = history(&mut world).await;
    let views = world.open_with(world.journal.clone(), in_batches(1_000)).await.views();
    let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).expect("a day");
    for limit in 1..6 {
        let expected: Vec<RowKey> = [4, 3, 2, 1].map(|number| by_day(stores[0], day(number))).to_vec();
        let chunks: Vec<_> = expected.chunks(limit as usize).map(<[_]>::to_vec).collect();
        assert_eq!(pages(&views, stores[0], &BY_STORE, limit).await, chunks);
    }
    let reader = views.of::<Takings>().expect("filled");
    let keys = [by_day(stores[0], day(4)), by_day(stores[1], day(4)), by_day(stores[1], day(1))];
    let found = reader.get_many(&keys).await.expect("rows");
    assert_eq!(
        found.iter().map(|row| row.as_ref().map(|row| row.cents)).collect::<Vec<_>>(),
        [Some(10), None, Some(7)]
    );
    assert_eq!(reader.get(stores[0].0).await.expect("no error"), None, "an id is no key of this view");
    assert_eq!(reader.get(keys[2]).await.expect("a row").map(|row| row.invoices), Some(1));
    // 2026-01-01 was a Thursday.
    let thursdays = List::labeled("Thu".to_owned(), vec![stores[0].0.into()]);
    assert_eq!(reader.list(thursdays).await.expect("rows").iter().map(|row| row.day).collect::<Vec<_>>(), [day(1)]);
    let search = |scope: Uuid| Search {
        scope,
        text: "january".to_owned(),
        is_beginning: false,
        filters: Vec::new(),
        offset: 0,
        limit: 3,
    };
    let found = reader.search(search(stores[0].0)).await.expect("hits");
    assert_eq!(found.items.iter().map(|(row, _)| row.day).collect::<Vec<_>>(), [day(4), day(3), day(2)]);
    assert_eq!(reader.search(search(stores[1].0)).await.expect("hits").items.len(), 3);
}

async fn parked(projections: &Projections, view: &str) -> Vec<ParkedUnit> {
    let status = projections.views().status();
    let view = status.views.into_iter().find(|known| known.name == view).expect("a view");
    view.first_parked.into_iter().map(|parked| parked.unit).collect()
}

/// The day waits, and says its name; the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_a_compound_key_is_parked_until_a_rebuild_can_fold_it() {
    let mut world = World::default();
    let store = world.store().await;
    world.now = BEGINNING + HOUR;
    collect(&mut world, store, 1).await;
    collect(&mut world, store, UNBELIEVABLE).await;
    collect(&mut world, store, 2).await;
    world.now += 24 * HOUR;
    collect(&mut world, store, 3).await;
    let day = by_day(store, NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day"));
    for _ in 0..2 {
        let projections = world.open_with(world.restarted_journal(), in_batches(1_000)).await;
        assert_eq!(parked(&projections, "takings").await, [ParkedUnit::Row(day)]);
        assert_eq!(parked(&projections, "endings").await, []);
        assert_eq!(ParkedUnit::Row(day).to_string(), format!("{store}/2026-01-01"));
        let days = takings(&projections.views(), store).await;
        assert_eq!(days, [("2026-01-01".to_owned(), 1, 1), ("2026-01-02".to_owned(), 3, 1)]);
    }
}

/// A row alone can't be folded again where it depends on all that came before it in its store.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_is_numbered_once_it_is_tried_again() {
    let mut world = World::default();
    let store = world.store().await;
    fail(&mut world, store).await;
    world.log.break_type("InvoiceFailed");
    collect(&mut world, store, 1).await;
    let projections = world.open_with(world.restarted_journal(), in_batches(1_000)).await;
    projections.start();
    assert!(matches!(parked(&projections, "endings").await[..], [ParkedUnit::Stream(_)]));
    assert_eq!(endings(&projections.views(), store).await, [(1, true)]);
    world.log.mend();
    let alone = projections.fold_row("endings", RowKey::of(&[KeyPart::Number(1)]), None).await;
    assert!(matches!(alone, Err(FillError::Fold(FoldError::InOrder("endings")))), "{alone:?}");
    projections.retry_parked().await.expect("tried");
    assert_eq!(endings(&projections.views(), store).await, [(1, false), (2, true)]);
    assert_eq!(parked(&projections, "endings").await, []);
    projections.stop().await;
}
