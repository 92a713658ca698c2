//! Every view, each in a file of its own: its row, how the row comes about, and what can be asked of it, in that order.
//!
//! Times are the events' `occurred_at`; `revision` is that of the stream's last event that changes what a client sees, as
//! commands compare it for `If-Match`. What is deleted keeps its row, but no query shows it unless it says so.

mod carts;
mod coupons;
mod creations;
mod credits;
mod customers;
mod gift_cards;
mod invoices;
mod jobs;
mod numbers;
mod offers;
mod orders;
mod past;
mod products;
mod purchases;
mod refunds;
mod shoppers;
mod stores;
mod wallet;

pub use carts::{CartItemRow, CartRow, CartState, Carts};
pub use coupons::{CouponRow, Coupons};
pub use creations::{CreationRow, Creations};
pub use credits::{CreditRow, Credits, RedemptionRow};
pub use customers::{AddressRow, CustomerFilter, CustomerRow, Customers, EmailRow};
pub use gift_cards::{GiftCardFilter, GiftCardRow, GiftCards, SpendRow};
pub use invoices::{
    CouponUseRow, InvoiceCreditRedemption, InvoiceFilter, InvoiceGiftCardSpend, InvoiceLineRow, InvoiceRow, Invoices,
    RefundLineRow, RefundRow,
};
pub use jobs::{JobProgress, JobRow, Jobs};
pub use numbers::{DocumentNumbers, NumberRow, Numbers};
pub use offers::{OfferRow, Offers};
pub use orders::{OrderFilter, OrderRow, Orders};
pub use past::{Past, PastRow};
pub use products::{ProductFilter, ProductRow, ProductSearch, Products, TagRow};
pub use purchases::{Purchases, PurchasesRow};
pub use refunds::{InvoiceRefundRow, Refunds};
pub use shoppers::{IdlePlace, ShopperRow, Shoppers};
pub use stores::{StoreRow, Stores};
pub use wallet::WalletEntry;

use crate::AnyView;
use crate::store::{Column, Index};

/// All of them. A new one is added here and nowhere else.
pub const ALL: &[AnyView] = &[
    AnyView::of::<Stores>(),
    AnyView::of::<Products>(),
    AnyView::of::<Customers>(),
    AnyView::of::<Shoppers>(),
    AnyView::of::<Carts>(),
    AnyView::of::<Invoices>(),
    AnyView::of::<Orders>(),
    AnyView::of::<GiftCards>(),
    AnyView::of::<Credits>(),
    AnyView::of::<Coupons>(),
    AnyView::of::<Jobs>(),
    AnyView::of::<Numbers>(),
    AnyView::of::<Offers>(),
    AnyView::of::<Purchases>(),
    AnyView::of::<Creations>(),
    AnyView::of::<Refunds>(),
    AnyView::of::<Past>(),
];

/// What was spent of a gift card or credit, the last so many; all of it stands in its history.
const SPENDS: usize = 100;

/// Columns that most views have.
const STORE: Column = Column::id("store_id");
const CREATED: Column = Column::integer("created_at");

/// All rows of a store, newest first.
const BY_STORE: Index = Index { name: "by_store", equal: &["store_id"], sort: Some("created_at"), covering: &[] };
