//! The views as they are, or as they were: what can be asked of both.

use crate::at::ViewsAt;
use crate::page::{Page, PageRequest};
use crate::reader::{ReadError, Views};
use crate::views::*;
use domain::{CartId, CreditId, CustomerId, GiftCardId, InvoiceId, JobId, OrderId, ProductId, StoreId};
use std::sync::Arc;
use uuid::Uuid;

/// What a query is answered from. Each question means the same of both, and each has its words at [`Views`].
#[derive(Clone)]
pub enum AnyViews {
    Now(Views),
    At(ViewsAt),
}

/// Declares questions that both are asked alike.
macro_rules! questions {
    ($($name:ident($($argument:ident: $of:ty),*) -> $answer:ty;)+) => {
        impl AnyViews {
            $(#[doc = concat!("See [`Views::", stringify!($name), "`].")]
            pub async fn $name(&self, $($argument: $of),*) -> Result<$answer, ReadError> {
                match self {
                    AnyViews::Now(views) => views.$name($($argument),*).await,
                    AnyViews::At(views) => views.$name($($argument),*).await,
                }
            })+
        }
    };
}

questions! {
    store(store: StoreId) -> Option<Arc<StoreRow>>;
    product(store: StoreId, product: ProductId) -> Option<Arc<ProductRow>>;
    products_by_ids(store: StoreId, products: &[ProductId]) -> Vec<Option<Arc<ProductRow>>>;
    customer(store: StoreId, customer: CustomerId) -> Option<Arc<CustomerRow>>;
    shopper(store: StoreId, customer: CustomerId) -> Option<Arc<ShopperRow>>;
    purchases(store: StoreId, customer: CustomerId) -> Option<Arc<PurchasesRow>>;
    cart(store: StoreId, cart: CartId) -> Option<Arc<CartRow>>;
    open_cart(store: StoreId, customer: CustomerId) -> Option<Arc<CartRow>>;
    carts(store: StoreId, customer: CustomerId, state: Option<CartState>, page: &PageRequest) -> Page<Arc<CartRow>>;
    invoice(store: StoreId, invoice: InvoiceId) -> Option<Arc<InvoiceRow>>;
    customer_invoices(store: StoreId, customer: CustomerId, filter: &InvoiceFilter, page: &PageRequest) -> Page<Arc<InvoiceRow>>;
    numbers(documents: &[Uuid]) -> DocumentNumbers;
    refunds(store: StoreId, invoice: InvoiceId, number: Option<&str>, page: &PageRequest) -> Page<Arc<InvoiceRefundRow>>;
    order(store: StoreId, order: OrderId) -> Option<Arc<OrderRow>>;
    customer_orders(store: StoreId, customer: CustomerId, filter: &OrderFilter, page: &PageRequest) -> Page<Arc<OrderRow>>;
    gift_card(store: StoreId, gift_card: GiftCardId) -> Option<Arc<GiftCardRow>>;
    gift_cards(store: StoreId, filter: &GiftCardFilter, page: &PageRequest) -> Page<Arc<GiftCardRow>>;
    credit(store: StoreId, credit: CreditId) -> Option<Arc<CreditRow>>;
    credits(store: StoreId, customer: CustomerId, active_only: bool, page: &PageRequest) -> Page<Arc<CreditRow>>;
    coupon_by_code(store: StoreId, code: &str) -> Option<Arc<CouponRow>>;
    job_progress(store: StoreId, job: JobId) -> Option<JobProgress>;
}
