//! Products: created, changed, deleted; their stock and tags.

use crate::assert_refused;
use crate::support::{Shop, cents, done, new_product, request};
use commands::{CommandError, Done, InventoryChange, Resource};
use domain::product::{ChangeProduct, Product, ProductRejection};
use domain::{Rejection, StoreId};
use eventlog::{SqliteLog, SqliteOptions};
use futures::future::join_all;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

#[tokio::test]
async fn a_product_is_created_changed_and_deleted() {
    let shop = Shop::new().await;
    let product = shop.product().await;
    let change = ChangeProduct { sale_price_in_cents: Some(cents(5)), ..ChangeProduct::default() };
    done(shop.node.change_product(&shop.request(), product, change).await);
    done(shop.node.change_inventory(&shop.request(), product, InventoryChange::By(-3)).await);
    done(shop.node.add_product_tag(&shop.request(), product, "blue".to_owned()).await);
    done(shop.node.remove_product_tag(&shop.request(), product, Some("round".to_owned())).await);
    let state = shop.state::<Product>(&product).await;
    let live = state.live().unwrap();
    assert_eq!((live.sale_price_in_cents, live.available), (cents(5), 7));
    assert_eq!(live.tags, ["blue"]);
    done(shop.node.change_inventory(&shop.request(), product, InventoryChange::To(0)).await);
    done(shop.node.remove_product_tag(&shop.request(), product, None).await);
    done(shop.node.delete_product(&shop.request(), product).await);
    assert_refused!(
        shop.node.delete_product(&shop.request(), product).await,
        CommandError::Rejected(Rejection::Product(ProductRejection::ProductNotFound))
    );
}

#[tokio::test]
async fn the_rules_of_a_product_reach_the_client() {
    let shop = Shop::new().await;
    let (node, request, product) = (&shop.node, shop.request(), shop.product().await);
    assert_refused!(
        node.change_inventory(&request, product, InventoryChange::By(-11)).await,
        CommandError::Rejected(Rejection::Product(ProductRejection::InsufficientInventory { available: 10, .. }))
    );
    assert_refused!(
        node.add_product_tag(&request, product, "round".to_owned()).await,
        CommandError::Rejected(Rejection::Product(ProductRejection::TagAlreadyExists))
    );
    assert_refused!(
        node.remove_product_tag(&request, product, Some("square".to_owned())).await,
        CommandError::Rejected(Rejection::Product(ProductRejection::TagNotFound))
    );
}

#[tokio::test]
async fn another_stores_product_is_not_found() {
    let shop = Shop::new().await;
    let (product, stranger, node) = (shop.product().await, shop.stranger().await, &shop.node);
    let not_found = |outcome: Result<_, CommandError>| {
        assert_refused!(outcome, CommandError::NotFound(Resource::Product));
    };
    not_found(node.change_product(&stranger, product, ChangeProduct::default()).await);
    not_found(node.change_inventory(&stranger, product, InventoryChange::To(1)).await);
    not_found(node.add_product_tag(&stranger, product, "t".to_owned()).await);
    not_found(node.remove_product_tag(&stranger, product, None).await);
    not_found(node.delete_product(&stranger, product).await);
    assert_eq!(shop.state::<Product>(&product).await.live().unwrap().available, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_does_the_work_once() {
    let shop = Shop::new().await;
    let nodes = [shop.other_node(), shop.other_node()];
    let request = shop.keyed("/product", "k", "body");
    let created = join_all((0..32).map(|attempt| nodes[attempt % 2].create_product(&request, new_product()))).await;
    let ids: HashSet<_> = created.iter().map(|outcome| outcome.as_ref().unwrap().outcome).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(shop.count("ProductCreated").await, 1);
    let product = *ids.iter().next().unwrap();
    let request = shop.keyed("/product/inventory", "k", "body");
    let change = |attempt: usize| nodes[attempt % 2].change_inventory(&request, product, InventoryChange::By(1));
    let changed = join_all((0..32).map(change)).await;
    assert_eq!(changed.iter().filter(|outcome| !outcome.as_ref().unwrap().replayed).count(), 1);
    assert_eq!(shop.state::<Product>(&product).await.live().unwrap().available, 11);
    assert_refused!(
        shop.other_node()
            .change_inventory(&shop.keyed("/product/inventory", "k", "other"), product, InventoryChange::By(2))
            .await,
        CommandError::KeyReused
    );
}

#[tokio::test]
async fn a_repeat_of_what_changed_nothing_changes_nothing_either() {
    let shop = Shop::new().await;
    let (node, product) = (&shop.node, shop.product().await);
    let titled = |title: &str| ChangeProduct { title: Some(title.to_owned()), ..ChangeProduct::default() };
    let request = shop.keyed("/product/title", "k", "Teapot");
    let first = node.change_product(&request, product, titled("Teapot")).await.unwrap();
    done(node.change_product(&shop.request(), product, titled("Kettle")).await);
    let second = node.change_product(&request, product, titled("Teapot")).await.unwrap();
    assert_eq!(second, Done { replayed: true, ..first });
    assert_eq!(shop.state::<Product>(&product).await.live().unwrap().title, "Kettle");
}

/// Commands that wait on one stream are appended together, which the log may find too much.
#[tokio::test]
async fn commands_that_are_too_much_for_one_append_are_done_in_several() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions { max_append_bytes: 16 * 1024, ..SqliteOptions::default() };
    let log = Arc::new(SqliteLog::open(&directory.path().join("log.sqlite"), options).unwrap());
    let shop = Shop::empty();
    let (node, request) = (shop.node_on(log), request(StoreId(Uuid::now_v7())));
    let product = done(node.create_product(&request, new_product()).await);
    let described = |number: usize| ChangeProduct {
        description: Some(Some(format!("{number} {}", "x".repeat(2_000)))),
        ..ChangeProduct::default()
    };
    let changes = (0..64).map(|number| node.change_product(&request, product, described(number)));
    for outcome in join_all(changes).await {
        done(outcome);
    }
}
