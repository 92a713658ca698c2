//! Why a command was refused, for any aggregate. Only the HTTP layer turns these into status codes.

use crate::cart::CartRejection;
use crate::claim::ClaimRejection;
use crate::coupon::CouponRejection;
use crate::credit::CreditRejection;
use crate::customer::CustomerRejection;
use crate::gift_card::GiftCardRejection;
use crate::invoice::InvoiceRejection;
use crate::order::OrderRejection;
use crate::product::ProductRejection;
use crate::store::StoreRejection;

/// A rule of some aggregate that forbids a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error(transparent)]
    Store(#[from] StoreRejection),
    #[error(transparent)]
    Product(#[from] ProductRejection),
    #[error(transparent)]
    Customer(#[from] CustomerRejection),
    #[error(transparent)]
    Cart(#[from] CartRejection),
    #[error(transparent)]
    Invoice(#[from] InvoiceRejection),
    #[error(transparent)]
    Order(#[from] OrderRejection),
    #[error(transparent)]
    GiftCard(#[from] GiftCardRejection),
    #[error(transparent)]
    Credit(#[from] CreditRejection),
    #[error(transparent)]
    Coupon(#[from] CouponRejection),
    #[error(transparent)]
    Claim(#[from] ClaimRejection),
}
