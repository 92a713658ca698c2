//! Commands stop while the disk has less room than is kept free, and go on by themselves once there is more.

use crate::assert_refused;
use crate::support::{Shop, done, new_customer, new_product};
use commands::CommandError;
use domain::customer::Customer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn without_room_nothing_is_begun_and_with_room_it_goes_on() {
    let shop = Shop::new().await;
    let free = Arc::new(AtomicU64::new(100 * MIB));
    let node = shop.node_with_room(Arc::clone(&free));
    let customer = done(node.create_customer(&shop.request(), new_customer("ada@example.com")).await);
    let before = shop.stored().await.len();
    free.store(63 * MIB, Ordering::Relaxed);
    for _ in 0..3 {
        let refused = node.create_product(&shop.request(), new_product()).await;
        assert_refused!(refused, CommandError::DiskFull { .. });
    }
    assert_eq!(shop.stored().await.len(), before, "nothing was done");
    assert!(shop.state::<Customer>(&customer).await.live().is_some(), "what is there is seen");
    free.store(64 * MIB, Ordering::Relaxed);
    done(node.create_product(&shop.request(), new_product()).await);
}
