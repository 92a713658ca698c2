//! What a field of a name means wherever it stands. A schema that has more to say of its own field says it itself.

use serde_json::{Value, json};

const FIELDS: [(&str, &str); 132] = [
    ("added_at", "When it was first put into the cart."),
    ("address", "The address."),
    ("address_id", "The address's id."),
    ("addresses", "The addresses."),
    ("amount_in_cents", "How much, in minor units of the invoice's currency."),
    ("app_id", "The name that the store's clients authenticate with."),
    ("app_secret", "What proves that a client is the store's. Accepted, never returned."),
    ("canceled_at", "When it was canceled; null: it was not."),
    ("cart", "The cart."),
    ("cart_id", "The cart's id."),
    ("cart_item_id", "The id of the cart's line."),
    ("carts", "The carts."),
    ("city", "The city."),
    ("closed_at", "When it was closed; null: it was not."),
    ("confirmation", "The confirmation link."),
    ("count", "How many there are."),
    ("country", "The country, as the customer writes it."),
    ("coupon", "The coupon."),
    ("coupon_code", "The code of the coupon that was used; null: none was."),
    ("coupon_code_id", "The coupon's id."),
    ("coupon_code_redemption_id", "The id of this use."),
    ("coupon_redemption", "The use of the coupon; null: none was used."),
    ("coupons", "The coupons."),
    ("created_at", "When it was created."),
    ("credit", "The credit."),
    ("credit_amount_in_cents", "What of it came as a credit, in minor units."),
    ("credit_id", "The credit's id."),
    ("credit_redemption_id", "The id of this use."),
    ("credit_redemptions", "What was spent of credits."),
    ("credit_used_amount_in_cents", "What credits paid, in minor units."),
    ("credits", "The credits."),
    ("customer", "The customer."),
    ("customer_id", "The id of the customer that it belongs to."),
    ("customers", "The customers."),
    ("customer_token_expires_at", "The first instant at which the customer's token is no longer good."),
    ("deleted_at", "When it was deleted; null: it was not."),
    ("delivered_at", "When it was delivered; null: it is not yet."),
    ("description", "For those who shop. Null: none."),
    ("discount_amount_in_cents", "What the coupon takes off, in minor units."),
    (
        "email",
        "An email address, as it was given. Compared without regard to case, and to how domain and letters are written.",
    ),
    ("email_id", "The email's id."),
    ("emails", "The email addresses, without deleted ones."),
    ("error", "What the code means."),
    ("errors", "Every one of them, in the order of their statuses."),
    ("event_id", "The event's id."),
    ("events", "The events, oldest first."),
    ("expires_at", "The first instant at which it is no longer good."),
    ("first_name", "The first name."),
    ("gift_card", "The gift card."),
    ("gift_card_id", "The gift card's id."),
    ("gift_card_spend_id", "The id of this use."),
    ("gift_card_spends", "What was spent of gift cards."),
    ("gift_card_used_amount_in_cents", "What gift cards paid, in minor units."),
    ("gift_cards", "The gift cards."),
    ("gifter_customer_id", "The id of the customer who gives it."),
    ("invoice", "The invoice."),
    ("invoice_id", "The invoice's id."),
    ("invoice_line_item_id", "The id of the invoice's line."),
    ("invoice_line_items", "The lines: one an item of the cart, and one for shipping where it was given."),
    ("invoices", "The invoices."),
    ("is_primary", "Whether it is the one that counts first; at most one is."),
    ("items", "The lines, in the order in which they were added."),
    ("job_id", "The job's id."),
    ("last_10_invoices", "The ten newest invoices, in any state."),
    ("last_10_orders", "The ten newest orders, in any status."),
    (
        "last_cart_activity_at",
        "When a cart was last opened, or something in one added, changed or removed; null: never.",
    ),
    ("last_cart_created_at", "When the newest cart was opened; null: there was none."),
    ("last_item_added_at", "When something was last put into it; null: nothing was."),
    ("last_name", "The last name."),
    ("last_redemption_at", "When it was last used; null: it was not."),
    ("last_seen_at", "When the customer last logged in or out; null: never."),
    ("links", "Where to go from here."),
    ("log_out_expires_at", "When the log-in ends; null: not logged in."),
    ("logged_in", "Whether the customer logged in within the last 24 h and has not logged out."),
    ("name", "The store's name."),
    ("order", "The order."),
    ("order_id", "The order's id."),
    ("order_line_item_id", "The id of the order's line."),
    ("order_line_items", "The lines of what is shipped."),
    ("orders", "The orders."),
    ("original_balance_in_cents", "What it was issued with, in minor units of its currency."),
    ("password", "What the customer logs in with. Accepted, never returned."),
    ("product", "The product."),
    ("product_id", "The product's id."),
    ("product_title", "The product's title when it was put into the cart, or was billed."),
    ("product_type", "What kind of product it is."),
    ("product_vendor", "The product's vendor when it was put into the cart."),
    ("products", "The products."),
    ("quantity", "How many pieces."),
    ("recipient_customer_id", "The id of the customer who receives it, and in whose currency it is."),
    ("redemptions", "What invoices spent of it, the oldest first."),
    ("refund", "The refund."),
    ("refund_id", "The refund's id."),
    ("refund_line_item_id", "The id of this part of the refund."),
    ("refund_line_items", "What was given back of each line."),
    ("refunded_amount_in_cents", "What was refunded so far, in minor units."),
    ("refunds", "The refunds."),
    ("role", "What the token is good for."),
    ("result", "That it was done."),
    ("shipped_at", "When it was shipped; null: it is not yet."),
    ("spends", "What invoices spent of it, the oldest first."),
    ("starts_at", "The first instant at which it can be used; null: at once."),
    ("state", "The state or province."),
    ("store", "The store."),
    ("store_id", "The id of the store that it belongs to."),
    ("street", "The street, with the number."),
    ("tag", "A word or phrase, compared as it is."),
    ("tagline", "What the store says of itself. Null: nothing."),
    ("tags", "The tags, in the order in which they were added."),
    ("tax_amount_in_cents", "The tax, in minor units."),
    ("title", "What it is called."),
    ("token", "What goes into `ACCESS-TOKEN`."),
    ("total_amount_in_cents", "All of it, in minor units."),
    ("unit_amount_in_cents", "The price of one piece, in minor units."),
    ("updated_at", "When it was last changed."),
    ("usage_limit", "Uses in all; null: no limit."),
    ("usage_limit_per_customer", "Uses by one customer; null: no limit."),
    ("vendor", "Who makes it."),
    ("voided_at", "When it was voided; null: it was not."),
    ("zip", "The postal code."),
    ("minimum_amount_in_cents", "What the items must cost at least, in minor units; null: nothing."),
    ("cart_expires_after_minutes", "An open cart without activity for that long is closed; 0: never."),
    ("tax_rate_in_basis_points", "In 1/100 %: 1900 is 19 %."),
    ("timezone", "IANA name: where the store's days begin."),
    ("number_restart", "When the ranks of invoices and refunds begin again at 1."),
    ("currency", "ISO 4217."),
    ("amount", "Minor units."),
    ("style", "How the amount is meant."),
    ("source", "Where it comes from: a client issued it, a refund or a batch did."),
    ("status", "How far it is."),
    ("type", "What it is of."),
    ("credit_order_preference", "What is spent first on an invoice."),
];

/// Describes every field that does not describe itself.
pub fn describe(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flatten().map(|(_, schema)| schema) {
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
        parts.for_each(describe_fields);
        describe_fields(schema);
    }
}

fn describe_fields(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in properties.into_iter().flatten() {
        let known = FIELDS.iter().find(|(known, _)| known == name);
        if let (false, Some((_, description))) = (describes_itself(field), known) {
            field["description"] = json!(description);
        }
    }
}

/// A field that may be null describes itself in one of its parts.
fn describes_itself(field: &Value) -> bool {
    let parts = field["oneOf"].as_array().into_iter().flatten();
    std::iter::once(field).chain(parts).any(|part| part["description"].is_string())
}
