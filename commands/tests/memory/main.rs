//! What commands hold in memory, counted by the allocator: one test alone in its process.

extern crate cartlog_commands as commands;

use cap::Cap;
use commands::guard::Client;
use commands::testing::{Mailbox, StubLookups, done, parts, request};
use commands::{
    BillCart, CommandDependencies, CommandSettings, Commands, Memory, NewCustomer, NewProduct, NewStore, Request,
};
use domain::store::CreditOrder;
use domain::{Cents, ProductId, StoreId};
use eventlog::{SqliteLog, SqliteOptions, Synchronous};
use journal::Journal;
use std::alloc::System;
use std::sync::Arc;
use vault::MemoryVault;

/// SQLite's own memory is not among it.
#[global_allocator]
static ALLOCATED: Cap<System> = Cap::new(System, usize::MAX);

const MIB: u64 = 1024 * 1024;
const LINES: usize = 100;
const TITLE: usize = 1_000;

struct Shop {
    node: Commands,
    mailbox: Arc<Mailbox>,
    request: Request,
    products: Vec<ProductId>,
    customers: usize,
}

impl Shop {
    /// On a log on the disk, with products of long titles.
    async fn open(directory: &std::path::Path, states: u64) -> Self {
        let sqlite = SqliteOptions {
            synchronous: Synchronous::Normal,
            recent_bytes: 0,
            format: domain::FORMAT,
            ..SqliteOptions::default()
        };
        let log = SqliteLog::open(&directory.join(format!("{states}.sqlite")), sqlite).expect("a directory");
        let (vault, mailbox) = (Arc::new(MemoryVault::default()), Arc::<Mailbox>::default());
        let journal = Journal::new(Arc::new(log), Arc::clone(&vault) as _);
        let node = Commands::new(CommandDependencies {
            lookups: Arc::new(StubLookups::Empty),
            settings: CommandSettings {
                memory: Memory { states, ..Memory::default() },
                sole_writer: true,
                ..CommandSettings::default()
            },
            ..parts(journal, &vault, &Arc::default(), Arc::clone(&mailbox) as _)
        });
        let new = NewStore {
            name: "Tea & Co".to_owned(),
            tagline: None,
            app_id: "tea".to_owned(),
            app_secret: "a good secret".to_owned(),
            credit_order_preference: CreditOrder::GiftCard,
            tax_rate_in_basis_points: 700,
            timezone: "UTC".to_owned(),
            cart_expires_after_minutes: 60,
            numbering: None,
        };
        let store_id: StoreId = done(node.create_store(Client::UNKNOWN, new, None, None).await);
        let request = request(store_id);
        let mut products = Vec::new();
        for number in 0..LINES {
            let new = NewProduct {
                title: format!("{number:0>TITLE$}"),
                product_type: "tea".to_owned(),
                vendor: "Hill Farm".to_owned(),
                description: None,
                inventory: 1_000,
                sale_price_in_cents: Cents::new(1_299).expect("in range"),
                tags: Vec::new(),
            };
            products.push(done(node.create_product(&request, new).await));
        }
        Self { node, mailbox, request, products, customers: 0 }
    }

    /// A customer fills a cart with everything and bills it.
    async fn bill(&mut self) {
        self.customers += 1;
        let email = format!("c{}@example.com", self.customers);
        let new = NewCustomer {
            currency: "EUR".parse().expect("a currency"),
            email: email.clone(),
            first_name: "First".to_owned(),
            last_name: "Last".to_owned(),
            password: "secret".to_owned(),
            addresses: Vec::new(),
        };
        let customer = done(self.node.create_customer(&self.request, new).await);
        done(self.node.send_confirmation(&self.request, customer).await);
        let token = self.mailbox.token_for(&email).expect("a link was mailed");
        done(self.node.confirm(&token, None, None, None).await);
        let items = self.products.iter().map(|product| (*product, 1)).collect();
        done(self.node.add_to_cart(&self.request, customer, items).await);
        let bill = BillCart { coupon: None, shipping_amount_in_cents: None };
        done(self.node.bill_cart(&self.request, customer, bill).await);
    }
}

fn allocated() -> u64 {
    ALLOCATED.allocated() as u64
}

#[tokio::test]
async fn states_take_what_they_are_said_to_take_and_no_more_than_they_may() {
    let directory = tempfile::tempdir().expect("a directory");

    let mut shop = Shop::open(directory.path(), 512 * MIB).await;
    shop.bill().await;
    let (before, weighed) = (allocated(), shop.node.remembered().states);
    for _ in 0..30 {
        shop.bill().await;
    }
    let (grown, weighed) = (allocated() - before, shop.node.remembered().states - weighed);
    assert!(weighed > 4 * MIB, "thirty carts and thirty invoices, {weighed} bytes");
    assert!((weighed / 2..weighed * 2).contains(&grown), "{weighed} bytes were weighed, {grown} are taken");

    let mut shop = Shop::open(directory.path(), 2 * MIB).await;
    shop.bill().await;
    let before = allocated();
    for _ in 0..30 {
        shop.bill().await;
    }
    let (grown, weighed) = (allocated().saturating_sub(before), shop.node.remembered().states);
    assert!(weighed <= 2 * MIB, "{weighed} bytes");
    assert!(grown <= 4 * MIB, "{grown} bytes");
}
