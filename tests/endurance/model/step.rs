//! What customers and the store's clerks do: as requests, and as changes of the model. What a step names is a place in a list of
//! the model; one past its end is something that does not exist.

use super::refunds::What;
use super::shop::{Refusal, Shop};
use crate::endurance::client::Asked;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub enum Step {
    SetStore {
        tax_rate: i64,
        gift_cards_first: bool,
    },
    NewProduct {
        inventory: i64,
        price: i64,
    },
    SetPrice {
        product: usize,
        price: i64,
    },
    DeleteProduct {
        product: usize,
    },
    AddStock {
        product: usize,
        amount: i64,
    },
    SetStock {
        product: usize,
        to: i64,
    },
    OpenCart {
        customer: usize,
    },
    Add {
        customer: usize,
        product: usize,
        quantity: i64,
    },
    AddBatch {
        customer: usize,
        items: Vec<(usize, i64)>,
    },
    Set {
        customer: usize,
        product: usize,
        quantity: i64,
    },
    Remove {
        customer: usize,
        product: usize,
    },
    RemoveBatch {
        customer: usize,
        products: Vec<usize>,
    },
    CloseCart {
        customer: usize,
    },
    Bill {
        customer: usize,
        coupon: Option<usize>,
        shipping: Option<i64>,
    },
    Collect {
        invoice: usize,
    },
    Fail {
        invoice: usize,
    },
    Refund {
        invoice: usize,
        what: What,
        credit: bool,
    },
    CloseRefunds {
        invoice: usize,
    },
    MoveOrder {
        order: usize,
        to: &'static str,
    },
    GiveCard {
        from: usize,
        to: usize,
        amount: i64,
    },
    VoidCard {
        card: usize,
    },
    Credit {
        customer: usize,
        amount: i64,
    },
    CreditAll {
        amount: i64,
    },
    VoidCredit {
        credit: usize,
    },
    NewCoupon {
        code: String,
        percent: bool,
        amount: i64,
        limit: Option<usize>,
        each: Option<usize>,
        minimum: Option<i64>,
    },
    VoidCoupon {
        coupon: usize,
    },
    DeleteCustomer {
        customer: usize,
    },
}

/// What the server must answer: a status, and what the body shows, at least.
pub type Expected = Result<(u16, Value), Refusal>;

/// An id that nothing has.
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

fn id<T>(list: &[T], place: usize, id: impl Fn(&T) -> &String) -> String {
    list.get(place).map_or(NOBODY.to_owned(), |thing| id(thing).clone())
}

/// As a request.
impl Step {
    pub fn request(&self, shop: &Shop, key: String) -> Asked {
        let (method, path, body) = match self {
            Step::SetStore { tax_rate, gift_cards_first } => {
                let preference = if *gift_cards_first { "gift-card" } else { "credit" };
                let body = json!({ "tax_rate_in_basis_points": tax_rate, "credit_order_preference": preference });
                ("PUT", "/store".to_owned(), body)
            }
            Step::NewProduct { .. }
            | Step::SetPrice { .. }
            | Step::DeleteProduct { .. }
            | Step::AddStock { .. }
            | Step::SetStock { .. } => self.product_request(shop),
            Step::OpenCart { .. }
            | Step::Add { .. }
            | Step::AddBatch { .. }
            | Step::Set { .. }
            | Step::Remove { .. }
            | Step::RemoveBatch { .. }
            | Step::CloseCart { .. }
            | Step::Bill { .. }
            | Step::DeleteCustomer { .. } => self.customer_request(shop),
            Step::Collect { .. }
            | Step::Fail { .. }
            | Step::Refund { .. }
            | Step::CloseRefunds { .. }
            | Step::MoveOrder { .. } => self.invoice_request(shop),
            Step::GiveCard { .. }
            | Step::VoidCard { .. }
            | Step::Credit { .. }
            | Step::CreditAll { .. }
            | Step::VoidCredit { .. }
            | Step::NewCoupon { .. }
            | Step::VoidCoupon { .. } => self.balance_request(shop),
        };
        Asked { method, path, body, key }
    }

    fn product_request(&self, shop: &Shop) -> (&'static str, String, Value) {
        let path =
            |product: usize, rest: &str| format!("/product/{}{rest}", id(&shop.products, product, |known| &known.id));
        match self {
            Step::NewProduct { inventory, price } => {
                let body = json!({
                    "title": format!("Tea {}", shop.products.len()), "product_type": "tea", "vendor": "Hill Farm",
                    "inventory": inventory, "sale_price_in_cents": price, "tags": ["leaf"],
                });
                ("POST", "/product".to_owned(), body)
            }
            Step::SetPrice { product, price } => ("PUT", path(*product, ""), json!({ "sale_price_in_cents": price })),
            Step::AddStock { product, amount } => ("PUT", path(*product, "/inventory"), json!({ "amount": amount })),
            Step::SetStock { product, to } => ("PUT", path(*product, "/inventory"), json!({ "set": to })),
            Step::DeleteProduct { product } => ("DELETE", path(*product, ""), Value::Null),
            other => unreachable!("{other:?} is about no product"),
        }
    }

    fn customer_request(&self, shop: &Shop) -> (&'static str, String, Value) {
        let customer = |customer: usize, rest: &str| {
            format!("/customer/{}{rest}", id(&shop.customers, customer, |known| &known.id))
        };
        let product = |product: usize| id(&shop.products, product, |known| &known.id);
        let item = |of: usize, which: usize| customer(of, &format!("/cart/item/{}", product(which)));
        match self {
            Step::OpenCart { customer: of } => ("POST", customer(*of, "/cart"), Value::Null),
            Step::CloseCart { customer: of } => ("DELETE", customer(*of, "/cart"), Value::Null),
            Step::Add { customer: of, product, quantity } => {
                ("POST", item(*of, *product), json!({ "quantity": quantity }))
            }
            Step::Set { customer: of, product, quantity } => {
                ("PUT", item(*of, *product), json!({ "quantity": quantity }))
            }
            Step::Remove { customer: of, product } => ("DELETE", item(*of, *product), Value::Null),
            Step::AddBatch { customer: of, items } => {
                let item =
                    |(which, quantity): &(usize, i64)| json!({ "product_id": product(*which), "quantity": quantity });
                ("POST", customer(*of, "/cart/item"), items.iter().map(item).collect())
            }
            Step::RemoveBatch { customer: of, products } => {
                let products = products.iter().map(|which| json!({ "product_id": product(*which) })).collect();
                ("DELETE", customer(*of, "/cart/item"), products)
            }
            Step::Bill { customer: of, coupon, shipping } => {
                let code =
                    |place: usize| shop.coupons.get(place).map_or("NOBODYS", |coupon| &coupon.code).to_lowercase();
                let coupon = coupon.map_or(String::new(), |place| format!("?coupon={}", code(place)));
                let shipping = shipping.map_or(Value::Null, |amount| json!({ "shipping_amount_in_cents": amount }));
                ("POST", customer(*of, &format!("/cart/billcart{coupon}")), shipping)
            }
            Step::DeleteCustomer { customer: of } => ("DELETE", customer(*of, ""), Value::Null),
            other => unreachable!("{other:?} is about no customer"),
        }
    }

    fn invoice_request(&self, shop: &Shop) -> (&'static str, String, Value) {
        let path =
            |invoice: usize, rest: &str| format!("/invoice/{}{rest}", id(&shop.invoices, invoice, |known| &known.id));
        match self {
            Step::Collect { invoice } => ("POST", path(*invoice, "/collected"), Value::Null),
            Step::Fail { invoice } => ("PUT", path(*invoice, "/failed"), Value::Null),
            Step::CloseRefunds { invoice } => ("PUT", path(*invoice, "/refund/close"), Value::Null),
            Step::MoveOrder { order, to } => {
                ("PUT", format!("/order/{}/{to}", id(&shop.orders, *order, |known| &known.id)), Value::Null)
            }
            Step::Refund { invoice, what, credit } => {
                let path = |query: &str| path(*invoice, &format!("/refund?credit={credit}{query}"));
                match what {
                    What::Full => ("POST", path("&full=true"), Value::Null),
                    What::Amount(amount) => ("POST", path(&format!("&amount={amount}")), Value::Null),
                    What::Lines(lines) => ("POST", path(""), lines_of(shop, *invoice, lines)),
                }
            }
            other => unreachable!("{other:?} is about no invoice"),
        }
    }

    fn balance_request(&self, shop: &Shop) -> (&'static str, String, Value) {
        let customer = |place: usize| id(&shop.customers, place, |known| &known.id);
        match self {
            Step::GiveCard { from, to, amount } => {
                let (from, to) = (customer(*from), customer(*to));
                let body =
                    json!({ "gifter_customer_id": from, "recipient_customer_id": to, "original_amount": amount });
                ("POST", "/giftcard".to_owned(), body)
            }
            Step::VoidCard { card } => {
                ("DELETE", format!("/giftcard/{}", id(&shop.gift_cards, *card, |known| &known.id)), Value::Null)
            }
            Step::Credit { customer: of, amount } => {
                ("POST", format!("/customer/{}/credit/{amount}", customer(*of)), Value::Null)
            }
            Step::CreditAll { amount } => ("POST", format!("/customer/credit/{amount}"), Value::Null),
            Step::VoidCredit { credit } => {
                let owner = shop.credits.get(*credit).map_or(0, |credit| credit.customer);
                let credit = id(&shop.credits, *credit, |known| &known.id);
                ("DELETE", format!("/customer/{}/credit/{credit}", customer(owner)), Value::Null)
            }
            Step::NewCoupon { code, percent, amount, limit, each, minimum } => {
                let style = if *percent { "percent_off" } else { "dollars_off" };
                let mut body = json!({ "code": code, "style": style, "amount": amount });
                let limits = [
                    ("usage_limit", limit.map(|limit| limit as i64)),
                    ("usage_limit_per_customer", each.map(|each| each as i64)),
                    ("minimum_amount_in_cents", *minimum),
                ];
                limits.iter().for_each(|(name, limit)| {
                    if let Some(limit) = limit {
                        body[*name] = (*limit).into()
                    }
                });
                ("POST", "/coupon_code".to_owned(), body)
            }
            Step::VoidCoupon { coupon } => {
                let code = shop.coupons.get(*coupon).map_or("NOBODYS", |coupon| &coupon.code);
                ("DELETE", format!("/coupon_code/{code}"), Value::Null)
            }
            other => unreachable!("{other:?} is about no balance"),
        }
    }
}

fn lines_of(shop: &Shop, invoice: usize, lines: &[(usize, Option<i64>)]) -> Value {
    let known = shop.invoices.get(invoice).map_or(&[][..], |invoice| &invoice.lines);
    let line = |(line, amount): &(usize, Option<i64>)| {
        let mut shown = json!({ "invoice_line_item_id": id(known, *line, |known| &known.id) });
        if let Some(amount) = amount {
            shown["amount"] = (*amount).into();
        }
        shown
    };
    lines.iter().map(line).collect()
}
