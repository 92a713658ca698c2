//! What the demo's store sells, and the names of those who buy.

use crate::units;
use rand::rngs::StdRng;
use rand::{RngExt, seq::IndexedRandom};
use serde_json::{Value, json};

const WARES: [(&str, &str, &str); 24] = [
    ("Darjeeling First Flush", "tea", "Hill Farm"),
    ("Assam Breakfast", "tea", "Hill Farm"),
    ("Jasmine Pearls", "tea", "Green Gate"),
    ("Sencha", "tea", "Green Gate"),
    ("Oolong of the Cliffs", "tea", "Green Gate"),
    ("Rooibos with Vanilla", "tea", "Red Bush"),
    ("Peppermint", "herbal tea", "Garden & Sons"),
    ("Chamomile", "herbal tea", "Garden & Sons"),
    ("Iron Teapot", "teaware", "Black Forge"),
    ("Glass Teapot", "teaware", "Clear Works"),
    ("Porcelain Cup", "teaware", "White Kiln"),
    ("Stoneware Mug", "teaware", "White Kiln"),
    ("Bamboo Whisk", "teaware", "Green Gate"),
    ("Matcha Bowl", "teaware", "White Kiln"),
    ("Tea Strainer", "accessories", "Clear Works"),
    ("Tea Caddy", "accessories", "Black Forge"),
    ("Travel Flask", "accessories", "Clear Works"),
    ("Kettle with Thermometer", "accessories", "Black Forge"),
    ("Honey of the Heath", "sweets", "Garden & Sons"),
    ("Ginger Biscuits", "sweets", "Oven Nine"),
    ("Shortbread", "sweets", "Oven Nine"),
    ("Candied Orange", "sweets", "Oven Nine"),
    ("Tasting Box of Twelve", "gifts", "Hill Farm"),
    ("Book of Tea", "gifts", "Paper & Ink"),
];

const FIRST_NAMES: [&str; 16] = [
    "Ada", "Alan", "Barbara", "Cleve", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "Joan", "Ken", "Leslie",
    "Margaret", "Niklaus", "Radia",
];
const LAST_NAMES: [&str; 12] =
    ["Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Rowan", "Willow"];

/// What to search for.
pub const SEARCHES: [&str; 6] = ["teapots", "green_gate", "biscuit", "herbal", "porcelain", "gifts"];

/// The products to create, each with its first stock.
pub fn products(rng: &mut StdRng, stock: i64) -> Vec<(Value, i64)> {
    let product = |(title, product_type, vendor): &(&str, &str, &str)| {
        let inventory = rng.random_range(stock / 2..=stock);
        let body = json!({
            "title": title, "product_type": product_type, "vendor": vendor,
            "description": format!("{title}, as {vendor} makes it."),
            "inventory": inventory, "sale_price_in_cents": rng.random_range(199..=8_999), "tags": [product_type, "demo"],
        });
        (body, inventory)
    };
    WARES.iter().map(product).collect()
}

/// The customer with this number.
pub fn customer(rng: &mut StdRng, number: usize) -> Value {
    let pick = |names: &[&str], rng: &mut StdRng| names.choose(rng).copied().unwrap_or("Kim").to_owned();
    let (first, last) = (pick(&FIRST_NAMES, rng), pick(&LAST_NAMES, rng));
    json!({
        "currency": CURRENCY, "email": format!("{first}.{last}.{number}@example.com"), "first_name": first, "last_name": last,
        "password": format!("demo-{number}"),
        "addresses": [{
            "street": format!("{} {last} Road", rng.random_range(1..200)), "city": "Treetown", "zip": "12345",
            "state": "Forest", "country": "DE", "is_primary": true,
        }],
    })
}

/// Whatever the demo pays, it pays in this.
const CURRENCY: &str = "EUR";

/// An amount as people read it.
pub fn euros(cents: i64) -> String {
    match CURRENCY.parse() {
        Ok(currency) => units::money(currency, cents),
        Err(domain::currency::UnknownCurrency) => format!("{cents} cents"),
    }
}
