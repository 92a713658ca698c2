//! Stream names: `<category>-<id>`.

use crate::ids::*;
use std::fmt;

/// The kind of aggregate a stream belongs to: the part of its name before the first `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Store,
    Product,
    Customer,
    /// All carts of one customer share a stream, so that 'one open cart a customer' and 'a cart is billed once'
    /// hold by construction.
    Cart,
    Invoice,
    Order,
    GiftCard,
    Credit,
    Coupon,
    Claim,
}

impl Category {
    pub const ALL: [Category; 10] = [
        Category::Store,
        Category::Product,
        Category::Customer,
        Category::Cart,
        Category::Invoice,
        Category::Order,
        Category::GiftCard,
        Category::Credit,
        Category::Coupon,
        Category::Claim,
    ];

    /// The category as it stands in stream names and topics.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Store => "store",
            Category::Product => "product",
            Category::Customer => "customer",
            Category::Cart => "cart",
            Category::Invoice => "invoice",
            Category::Order => "order",
            Category::GiftCard => "gift_card",
            Category::Credit => "credit",
            Category::Coupon => "coupon",
            Category::Claim => "claim",
        }
    }

    /// The name of the stream of the aggregate with that id.
    pub fn stream(self, id: impl fmt::Display) -> String {
        format!("{self}-{id}")
    }

    /// The category of a stream's name and the id behind it; `None` when the stream is not one of ours.
    pub fn of_stream(stream: &str) -> Option<(Category, &str)> {
        let (category, id) = stream.split_once('-')?;
        let category = Category::ALL.into_iter().find(|known| known.as_str() == category)?;
        Some((category, id))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id of an aggregate, as it stands in its stream's name.
pub trait StreamKey: Clone + Eq + std::hash::Hash + fmt::Display + fmt::Debug + Send + Sync + 'static {}

impl StreamKey for StoreId {}
impl StreamKey for ProductId {}
impl StreamKey for CustomerId {}
impl StreamKey for InvoiceId {}
impl StreamKey for OrderId {}
impl StreamKey for GiftCardId {}
impl StreamKey for CreditId {}
impl StreamKey for CouponId {}
impl StreamKey for crate::claim::ClaimKey {}
