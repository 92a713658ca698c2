//! Carts, products and invoices by small numbers.

use super::*;
use crate::billing::{BilledItem, BillingTerms, CouponUse};
use crate::coupon::CouponRefusal;
use crate::{CartItemId, CouponId, CouponRedemptionId, CustomerId, InvoiceLineItemId, StoreId};

pub(super) const STORE: StoreId = StoreId(id(1));
pub(super) const CUSTOMER: CustomerId = CustomerId(id(2));
pub(super) const COUPON: CouponId = CouponId(id(3));
/// What every product costs, in cents.
pub(super) const PRICE: i64 = 39_900;

pub(super) fn cart_id(number: u8) -> CartId {
    CartId(id(0x100 + u128::from(number)))
}

pub(super) fn product_id(number: u8) -> ProductId {
    ProductId(id(0x200 + u128::from(number)))
}

pub(super) fn invoice_id(number: u8) -> InvoiceId {
    InvoiceId(id(0x300 + u128::from(number)))
}

fn item_id(product: u8) -> CartItemId {
    CartItemId(id(0x400 + u128::from(product)))
}

// Commands.

pub(super) fn open(cart: u8) -> CartCommand {
    CartCommand::Open { cart_id: cart_id(cart), customer_id: CUSTOMER, store_id: STORE }
}

pub(super) fn add(cart: u8, items: &[(u8, u32)]) -> CartCommand {
    let item = |&(product, quantity): &(u8, u32)| ItemToAdd {
        product_id: product_id(product),
        product_title: format!("Product {product}"),
        product_vendor: "Acme".to_owned(),
        product_type: "Thing".to_owned(),
        unit_amount_in_cents: Cents::new(PRICE).unwrap(),
        quantity,
    };
    let items = items.iter().map(item).collect();
    CartCommand::AddItems { cart_id: cart_id(cart), customer_id: CUSTOMER, store_id: STORE, items }
}

pub(super) fn set(product: u8, quantity: u32) -> CartCommand {
    CartCommand::SetQuantity { product_id: product_id(product), quantity }
}

pub(super) fn remove(products: &[u8]) -> CartCommand {
    CartCommand::RemoveItems { product_ids: products.iter().map(|product| product_id(*product)).collect() }
}

pub(super) fn close() -> CartCommand {
    CartCommand::Close { reason: CloseReason::Closed }
}

pub(super) fn refuse(cart: u8) -> CartCommand {
    CartCommand::RefuseItems { cart_id: cart_id(cart), product_ids: vec![product_id(1)] }
}

pub(super) fn revoke(cart: u8) -> CartCommand {
    CartCommand::RevokeHolds { cart_id: cart_id(cart), product_ids: vec![product_id(1)] }
}

pub(super) fn bill(invoice: u8, terms: BillingTerms) -> CartCommand {
    CartCommand::Bill { invoice_id: invoice_id(invoice), terms }
}

pub(super) fn start_billing(invoice: u8, terms: BillingTerms) -> CartCommand {
    CartCommand::StartBilling { invoice_id: invoice_id(invoice), coupon_id: COUPON, terms, request: None }
}

pub(super) fn finish_billing(invoice: u8, granted: bool) -> CartCommand {
    let answer = if granted { Ok(coupon_use(1)) } else { Err(CouponRefusal::UsedUp) };
    CartCommand::FinishBilling { invoice_id: invoice_id(invoice), answer, longest_title: None }
}

pub(super) fn shut() -> CartCommand {
    CartCommand::Shut { customer_id: CUSTOMER, store_id: STORE }
}

pub(super) fn coupon_use(amount: i64) -> CouponUse {
    CouponUse {
        coupon_id: COUPON,
        code: "SAVE".to_owned(),
        redemption_id: CouponRedemptionId(id(4)),
        amount_in_cents: Cents::new(amount).unwrap(),
    }
}

/// The terms of lines as the state has them.
pub(super) fn terms_of(cart: &Cart) -> BillingTerms {
    let items = cart.current().map(|cart| cart.items.as_slice()).unwrap_or_default();
    let billed = |item: &CartItem| BilledItem {
        invoice_line_item_id: InvoiceLineItemId(item.cart_item_id.0),
        cart_item_id: item.cart_item_id,
        product_id: item.product_id,
        product_title: "A product".to_owned(),
        quantity: item.quantity,
        unit_amount_in_cents: Cents::new(PRICE).unwrap(),
    };
    BillingTerms {
        currency: "EUR".parse().unwrap(),
        items: items.iter().map(billed).collect(),
        shipping: None,
        tax_rate_in_basis_points: 1_900,
        wallet: Vec::new(),
    }
}

// Events.

pub(super) fn opened(cart: u8) -> CartEvent {
    CartOpened { cart_id: cart_id(cart), customer_id: CUSTOMER, store_id: STORE }.into()
}

pub(super) fn added(cart: u8, product: u8, quantity: u32, line_quantity: u32) -> CartEvent {
    added_as(cart, item_id(product), product, quantity, line_quantity)
}

/// With a line of its own id.
pub(super) fn added_as(
    cart: u8,
    cart_item_id: CartItemId,
    product: u8,
    quantity: u32,
    line_quantity: u32,
) -> CartEvent {
    CartItemAdded {
        cart_id: cart_id(cart),
        cart_item_id,
        product_id: product_id(product),
        product_title: format!("Product {product}"),
        product_vendor: "Acme".to_owned(),
        product_type: "Thing".to_owned(),
        unit_amount_in_cents: Cents::new(PRICE).unwrap(),
        quantity,
        line_quantity,
    }
    .into()
}

pub(super) fn quantity_set(cart: u8, product: u8, line_quantity: u32, previous_quantity: u32) -> CartEvent {
    CartItemQuantitySet {
        cart_id: cart_id(cart),
        cart_item_id: item_id(product),
        product_id: product_id(product),
        line_quantity,
        previous_quantity,
    }
    .into()
}

pub(super) fn removed(cart: u8, product: u8, previous_quantity: u32) -> CartEvent {
    CartItemRemoved {
        cart_id: cart_id(cart),
        cart_item_id: item_id(product),
        product_id: product_id(product),
        previous_quantity,
    }
    .into()
}

pub(super) fn closed(cart: u8, reason: CloseReason, items: &[(u8, u32)]) -> CartEvent {
    let held = |&(product, quantity): &(u8, u32)| ProductQuantity { product_id: product_id(product), quantity };
    CartClosed { cart_id: cart_id(cart), reason, items: items.iter().map(held).collect() }.into()
}

pub(super) fn refused(cart: u8) -> CartEvent {
    CartItemsRefused { cart_id: cart_id(cart), product_ids: vec![product_id(1)] }.into()
}

pub(super) fn revoked(cart: u8) -> CartEvent {
    CartHoldsRevoked { cart_id: cart_id(cart), product_ids: vec![product_id(1)] }.into()
}

pub(super) fn billing_started(cart: u8, invoice: u8, terms: BillingTerms) -> CartEvent {
    CartBillingStarted {
        cart_id: cart_id(cart),
        invoice_id: invoice_id(invoice),
        coupon_id: COUPON,
        terms,
        request: None,
    }
    .into()
}

pub(super) fn billing_refused(cart: u8, invoice: u8) -> CartEvent {
    CartBillingRefused { cart_id: cart_id(cart), invoice_id: invoice_id(invoice), reason: CouponRefusal::UsedUp }.into()
}

pub(super) fn billed(cart: u8, invoice: u8, terms: BillingTerms, coupon: Option<CouponUse>) -> CartEvent {
    CartBilled {
        cart_id: cart_id(cart),
        invoice_id: invoice_id(invoice),
        customer_id: CUSTOMER,
        store_id: STORE,
        terms,
        coupon,
    }
    .into()
}

pub(super) fn stream_shut() -> CartEvent {
    CartStreamShut { customer_id: CUSTOMER, store_id: STORE }.into()
}

// States.

/// Cart 1 is open and has 2 of product 1 and 3 of product 2.
pub(super) fn shopping() -> Given<Cart> {
    given::<Cart>([opened(1), added(1, 1, 2, 2), added(1, 2, 3, 3)])
}

/// Cart 1 waits for its coupon as invoice 1.
pub(super) fn waiting() -> Given<Cart> {
    let shopping = shopping();
    let terms = terms_of(&shopping.state);
    shopping.and([billing_started(1, 1, terms)])
}

/// Cart 1 is billed as invoice 1.
pub(super) fn done() -> Given<Cart> {
    let shopping = shopping();
    let terms = terms_of(&shopping.state);
    shopping.and([billed(1, 1, terms, None)])
}
