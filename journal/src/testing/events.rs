//! What a shop's events are where a test says nothing else: ids are given, the rest is plain. What matters to the test it puts into
//! them by `..`: `ProductCreated { inventory: 0, ..product_created(store, product) }`.

use domain::billing::{InvoiceLine, LineKind};
use domain::cart::{CartItemAdded, ProductQuantity};
use domain::coupon::{CouponCreated, CouponStyle};
use domain::credit::{CreditIssued, CreditSource};
use domain::customer::{CustomerCreated, NewAddress};
use domain::gift_card::{GiftCardIssued, GiftCardSource};
use domain::invoice::{InvoiceCollected, InvoiceIssued};
use domain::order::{OrderLine, OrderPlaced};
use domain::product::ProductCreated;
use domain::store::{CreditOrder, StoreCreated};
use domain::*;

/// What a product costs.
const PRICE_IN_CENTS: i64 = 1_000;
const TITLE: &str = "A thing";

/// # Panics
/// There is no such amount.
pub fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("an amount")
}

/// What shops take.
pub fn usd() -> Currency {
    "USD".parse().expect("a currency")
}

/// Without tax; carts expire after an hour.
pub fn store_created(store_id: StoreId) -> StoreCreated {
    StoreCreated {
        store_id,
        name: "Shop".to_owned(),
        tagline: None,
        app_id: format!("app-{store_id}"),
        claim_id: ClaimId(store_id.0),
        credential_id: CredentialId(store_id.0),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 0,
        timezone: "UTC".to_owned(),
        cart_expires_after_minutes: 60,
        numbering: None,
    }
}

/// A hundred chairs at 10.00 each.
pub fn product_created(store_id: StoreId, product_id: ProductId) -> ProductCreated {
    ProductCreated {
        product_id,
        store_id,
        title: TITLE.to_owned(),
        product_type: "chair".to_owned(),
        vendor: "Ikea".to_owned(),
        description: None,
        inventory: 100,
        sale_price_in_cents: cents(PRICE_IN_CENTS),
        tags: Vec::new(),
    }
}

/// With the addresses of the personal data, of which the first is the primary one.
pub fn customer_created(store_id: StoreId, customer_id: CustomerId, personal: PersonalData) -> CustomerCreated {
    let address = |(number, address): (usize, &PersonalAddress)| NewAddress {
        address_id: address.address_id,
        is_primary: number == 0,
    };
    CustomerCreated {
        customer_id,
        store_id,
        currency: usd(),
        email_id: EmailId(customer_id.0),
        claim_id: ClaimId(customer_id.0),
        credential_id: CredentialId(customer_id.0),
        addresses: personal.addresses.iter().enumerate().map(address).collect(),
        personal: personal.into(),
    }
}

/// Somebody with a name.
pub fn person(email: &str) -> PersonalData {
    PersonalData {
        email: Some(email.to_owned()),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        addresses: Vec::new(),
    }
}

/// Of a product that the cart had none of, at 10.00 each.
pub fn cart_item_added(
    cart_id: CartId,
    cart_item_id: CartItemId,
    product_id: ProductId,
    quantity: u32,
) -> CartItemAdded {
    CartItemAdded {
        cart_id,
        cart_item_id,
        product_id,
        product_title: TITLE.to_owned(),
        product_vendor: "Ikea".to_owned(),
        product_type: "chair".to_owned(),
        unit_amount_in_cents: cents(PRICE_IN_CENTS),
        quantity,
        line_quantity: quantity,
    }
}

/// Of a product at 10.00 each, without discount or tax.
pub fn invoice_line(
    invoice_line_item_id: InvoiceLineItemId,
    cart_item_id: CartItemId,
    product_id: ProductId,
    quantity: u32,
) -> InvoiceLine {
    let unit = cents(PRICE_IN_CENTS);
    InvoiceLine {
        invoice_line_item_id,
        kind: LineKind::Item,
        cart_item_id: Some(cart_item_id),
        product_id: Some(product_id),
        product_title: Some(TITLE.to_owned()),
        quantity,
        unit_amount_in_cents: unit,
        total_amount_in_cents: unit.times(quantity).expect("an amount"),
        discount_amount_in_cents: Cents::ZERO,
        tax_amount_in_cents: Cents::ZERO,
        tax_rate_in_basis_points: Some(0),
    }
}

/// The lines' total, of which nothing is paid yet.
pub fn invoice_issued(
    store_id: StoreId,
    customer_id: CustomerId,
    cart_id: CartId,
    invoice_id: InvoiceId,
    lines: Vec<InvoiceLine>,
) -> InvoiceIssued {
    let total = Cents::sum(lines.iter().map(|line| line.total_amount_in_cents)).expect("an amount");
    InvoiceIssued {
        invoice_id,
        store_id,
        customer_id,
        cart_id,
        currency: usd(),
        lines,
        coupon: None,
        gift_card_spends: Vec::new(),
        credit_redemptions: Vec::new(),
        total_amount_in_cents: total,
        discount_amount_in_cents: Cents::ZERO,
        tax_amount_in_cents: Cents::ZERO,
        gift_card_used_amount_in_cents: Cents::ZERO,
        credit_used_amount_in_cents: Cents::ZERO,
        amount_due_in_cents: total,
        issued_on: None,
    }
}

/// All of it, at 10.00 each.
pub fn invoice_collected(
    customer_id: CustomerId,
    cart_id: CartId,
    invoice_id: InvoiceId,
    items: &[(ProductId, u32)],
) -> InvoiceCollected {
    let quantity = items.iter().map(|(_, quantity)| quantity).sum();
    InvoiceCollected {
        order_id: OrderId::of_invoice(invoice_id),
        customer_id,
        cart_id,
        amount_in_cents: cents(PRICE_IN_CENTS).times(quantity).expect("an amount"),
        currency: Some(usd()),
        items: items.iter().map(|&(product_id, quantity)| ProductQuantity { product_id, quantity }).collect(),
    }
}

/// The order of the invoice.
pub fn order_placed(
    store_id: StoreId,
    customer_id: CustomerId,
    cart_id: CartId,
    invoice_id: InvoiceId,
    lines: Vec<OrderLine>,
) -> OrderPlaced {
    OrderPlaced { order_id: OrderId::of_invoice(invoice_id), store_id, customer_id, invoice_id, cart_id, lines }
}

/// Of a line of the invoice.
pub fn order_line(
    order_line_item_id: OrderLineItemId,
    invoice_line_item_id: InvoiceLineItemId,
    product_id: ProductId,
    quantity: u32,
) -> OrderLine {
    OrderLine { order_line_item_id, invoice_line_item_id, product_id, product_title: TITLE.to_owned(), quantity }
}

/// Nothing off, for anybody, as often as they like, for many years.
pub fn coupon_created(store_id: StoreId, coupon_id: CouponId, code: &str) -> CouponCreated {
    CouponCreated {
        coupon_id,
        store_id,
        claim_id: ClaimId(coupon_id.0),
        code: code.to_owned(),
        style: CouponStyle::PercentOff,
        amount: 0,
        starts_at: None,
        expires_at: Timestamp::LAST,
        usage_limit: None,
        usage_limit_per_customer: None,
        minimum_amount_in_cents: None,
    }
}

/// Sold, from the first customer to the second.
pub fn gift_card_issued(
    store_id: StoreId,
    gift_card_id: GiftCardId,
    [gifter_customer_id, recipient_customer_id]: [CustomerId; 2],
    amount_in_cents: i64,
) -> GiftCardIssued {
    GiftCardIssued {
        gift_card_id,
        store_id,
        gifter_customer_id,
        recipient_customer_id,
        currency: usd(),
        amount_in_cents: cents(amount_in_cents),
        source: GiftCardSource::Sold,
    }
}

/// By the store itself.
pub fn credit_issued(
    store_id: StoreId,
    credit_id: CreditId,
    customer_id: CustomerId,
    amount_in_cents: i64,
) -> CreditIssued {
    CreditIssued {
        credit_id,
        store_id,
        customer_id,
        currency: usd(),
        amount_in_cents: cents(amount_in_cents),
        source: CreditSource::Issued,
    }
}
