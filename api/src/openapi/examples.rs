//! One example of each body that clients send, by the name of its schema.

use serde_json::{Value, json};

const AN_ID: &str = "01939f3a-5c1e-7d2b-9a4f-3b1c2d4e5f60";

/// The example of a body; every one has its own.
pub fn of_body(schema: &str) -> Option<Value> {
    Some(match schema {
        "StoreInput" => json!({
            "name": "Tea & Co", "app_id": "tea", "app_secret": "a good secret", "tax_rate_in_basis_points": 700,
            "timezone": "Europe/Berlin",
        }),
        "Credentials" => json!({ "app_id": "tea", "app_secret": "a good secret" }),
        "StoreChange" => json!({ "name": "Tea & Company", "tax_rate_in_basis_points": 1900 }),
        "SecretInput" => json!({ "app_secret": "a better secret" }),
        "ProductInput" => json!({
            "title": "Darjeeling", "product_type": "tea", "vendor": "Hill Farm", "description": "First flush, 100 g",
            "inventory": 12, "sale_price_in_cents": 1299, "tags": ["black", "spring"],
        }),
        "ProductChange" => json!({ "sale_price_in_cents": 1399 }),
        "InventoryChange" => json!({ "amount": 24 }),
        "CustomerInput" => json!({
            "currency": "EUR", "email": "ada@example.com", "first_name": "Ada", "last_name": "Byron", "password": "analytical",
            "addresses": [address()],
        }),
        "CustomerChange" => json!({ "first_name": "Augusta Ada" }),
        "AddressInput" => address(),
        "AddressChange" => json!({ "street": "12 St James's Square" }),
        "LogIn" => json!({ "email": "ada@example.com", "password": "analytical" }),
        "KnownEmail" | "EmailInput" => json!({ "email": "ada@example.com" }),
        "AddQuantity" | "SetQuantity" => json!({ "quantity": 2 }),
        "CartItemsInput" => json!([{ "product_id": AN_ID, "quantity": 2 }]),
        "CartProducts" => json!([{ "product_id": AN_ID }]),
        "Shipping" => json!({ "shipping_amount_in_cents": 490 }),
        "RefundLines" => json!([{ "invoice_line_item_id": AN_ID, "amount": 500 }]),
        "GiftCardInput" => {
            json!({ "gifter_customer_id": AN_ID, "recipient_customer_id": AN_ID, "original_amount": 2500 })
        }
        "CouponInput" => {
            json!({ "code": "WELCOME", "style": "percent_off", "amount": 10, "usage_limit_per_customer": 1 })
        }
        _ => return None,
    })
}

fn address() -> Value {
    json!({
        "street": "Old Mill Lane 7", "city": "London", "zip": "SW1Y 4LE", "state": "England", "country": "United Kingdom",
        "is_primary": true,
    })
}
