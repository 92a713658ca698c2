//! The views, a file each: row, fold, queries, in that order.

pub mod cart;
pub mod coupon;
pub mod credit;
pub mod customer;
pub mod gift_card;
pub mod invoice;
pub mod job;
pub mod order;
pub mod product;
pub mod purchases;
pub mod shopper;
pub mod store;

pub use cart::{CartItemRow, CartRow, CartState};
pub use coupon::CouponRow;
pub use credit::CreditRow;
pub use customer::{AddressRow, CustomerFilter, CustomerRow, EmailRow};
pub use gift_card::{GiftCardFilter, GiftCardRow, SpendRow};
pub use invoice::{InvoiceFilter, InvoiceLineRow, InvoiceRow, RefundRow};
pub use job::JobRow;
pub use order::{OrderFilter, OrderRow};
pub use product::{ProductFilter, ProductRow, TagRow};
pub use purchases::PurchasesRow;
pub use shopper::ShopperRow;
pub use store::StoreRow;
