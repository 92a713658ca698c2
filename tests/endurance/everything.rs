//! Every GET of the contract, asked for everything that the store has: lists page by page, searches and metrics too.

use super::books::text;
use super::client::{Client, next_page};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What changes by itself, is about the process, or would use a link up.
const LEFT_OUT: [&str; 10] = [
    "/",
    "/errors",
    "/errors/{slug}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
    "/customer/confirm/{token}",
];

/// Other forms in which a list or a resource is asked for.
const FORMS: [(&str, &[&str]); 15] = [
    ("/product", &["limit=3", "page=2&limit=2", "vendor=Hill%20Farm", "tag=leaf", "producttype=tea"]),
    ("/product/count", &["vendor=Hill%20Farm"]),
    ("/product/search/{query}", &["available=true", "page=2&limit=2"]),
    ("/customer", &["limit=2"]),
    ("/customer/{customer_id}/carts", &["limit=2", "state=open", "state=closed", "state=billed"]),
    ("/customer/{customer_id}/address", &["is_primary=true"]),
    ("/customer/{customer_id}/giftcards", &["active=true"]),
    ("/customer/{customer_id}/credit", &["active=true", "limit=2"]),
    ("/customer/{customer_id}/invoices", &["closed=true", "closed=true&limit=2"]),
    ("/customer/{customer_id}/orders", &["status=pending"]),
    ("/invoice", &["closed=true", "closed=true&limit=3", "closed=true&page=2&limit=3", "startdate=20200101"]),
    ("/order", &["status=pending", "status=canceled", "limit=3"]),
    ("/coupon_code", &["limit=3"]),
    ("/customer/{customer_id}/cart/history", &["limit=3"]),
    ("/streaming/toptencartitems/{n}", &["window=1h", "window=24h", "window=7d"]),
];

/// Ids to ask for, by the name that they have in paths.
#[derive(Default)]
pub struct Known {
    ids: BTreeMap<String, BTreeSet<String>>,
    /// Credits of each customer.
    credits: BTreeSet<(String, String)>,
}

/// Every answer, by the path that was asked: status, `ETag` and the very bytes.
pub struct Everything {
    answers: BTreeMap<String, String>,
    /// What nothing was found by.
    pub not_found: Vec<String>,
}

/// Kinds of objects that have a history for people, and what their ids are called in other paths.
const AUDITED: [(&str, &str); 7] = [
    ("product", "product_id"),
    ("customer", "customer_id"),
    ("cart", "customer_id"),
    ("invoice", "invoice_id"),
    ("order", "order_id"),
    ("gift_card", "gift_card_id"),
    ("coupon", "code"),
];

impl Known {
    /// All that the store lists, and what it doesn't list any more or never did.
    pub async fn read(client: &Client, others: &[(&str, &str)]) -> Self {
        let mut known = Self::default();
        known.note("product_id", &client.list("/product?limit=250", "products").await, "product_id");
        known.note("invoice_id", &client.list("/invoice?closed=true&limit=250", "invoices").await, "invoice_id");
        known.note("order_id", &client.list("/order?limit=250", "orders").await, "order_id");
        known.note("code", &client.list("/coupon_code?limit=250", "coupons").await, "code");
        let customers = client.list("/customer?limit=250", "customers").await;
        known.note("customer_id", &customers, "customer_id");
        for customer in customers.iter().map(|customer| text(&customer["customer_id"])) {
            let cards = client.list(&format!("/customer/{customer}/giftcards?limit=250"), "gift_cards").await;
            known.note("gift_card_id", &cards, "gift_card_id");
            for credit in client.list(&format!("/customer/{customer}/credit?limit=250"), "credits").await {
                known.credits.insert((customer.to_owned(), text(&credit["credit_id"]).to_owned()));
            }
        }
        for (name, id) in others.iter().chain(&[("n", "5"), ("n", "100"), ("query", "tea"), ("query", "hill_farms")]) {
            known.ids.entry((*name).to_owned()).or_default().insert((*id).to_owned());
        }
        known
    }

    fn note(&mut self, name: &str, resources: &[Value], field: &str) {
        let ids = resources.iter().map(|resource| text(&resource[field]).to_owned());
        self.ids.entry(name.to_owned()).or_default().extend(ids);
    }

    /// The paths that the template stands for.
    fn paths(&self, template: &str) -> Vec<String> {
        if template == "/giftcard" {
            let of = |whose: &str| self.paths(&format!("/giftcard?{whose}={{customer_id}}"));
            return [of("giftercustomerid"), of("recipientcustomerid")].concat();
        }
        if template.contains("{credit_id_or_amount}") {
            let path = |(customer, credit): &(String, String)| {
                template.replace("{customer_id}", customer).replace("{credit_id_or_amount}", credit)
            };
            return self.credits.iter().map(path).collect();
        }
        if template == "/audit/find" {
            return self.paths("/audit/find?q={invoice_id}");
        }
        if template == "/audit/{kind}/{object_id}" {
            let of = |(kind, name): &(&str, &str)| self.paths(&format!("/audit/{kind}/{{{name}}}"));
            return AUDITED.iter().flat_map(of).collect();
        }
        let Some((before, rest)) = template.split_once('{') else { return vec![template.to_owned()] };
        let (name, after) = rest.split_once('}').expect("a template is whole");
        let ids = self.ids.get(name).into_iter().flatten();
        ids.map(|id| format!("{before}{id}{after}")).collect()
    }
}

/// The path templates of all that is asked for.
async fn queries(client: &Client) -> Vec<String> {
    let document: Value = serde_json::from_str(&client.raw("/openapi.json").await.text).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").iter();
    let templates = paths.filter(|(_, item)| item.get("get").is_some()).map(|(template, _)| template.clone());
    templates.filter(|template| !LEFT_OUT.contains(&template.as_str())).collect()
}

/// Asks for all of it.
pub async fn everything(client: &Client, known: &Known) -> Everything {
    let (mut answers, mut not_found) = (BTreeMap::new(), Vec::new());
    for template in queries(client).await {
        let forms = FORMS.iter().find(|(of, _)| *of == template).map_or(&[][..], |(_, forms)| forms);
        let mut found = false;
        for path in known.paths(&template) {
            let asked = forms.iter().map(|form| format!("{path}?{form}"));
            for asked in std::iter::once(path.clone()).chain(asked) {
                found |= pages(client, asked, &mut answers).await;
            }
        }
        not_found.extend((!found).then_some(template));
    }
    Everything { answers, not_found }
}

/// Asks, and goes on page by page. Whether anything was found.
async fn pages(client: &Client, path: String, answers: &mut BTreeMap<String, String>) -> bool {
    let (mut next, mut found) = (Some(path), false);
    while let Some(path) = next {
        let answer = client.raw(&path).await;
        found |= answer.status == 200;
        next = serde_json::from_str(&answer.text).ok().and_then(|body| next_page(&body));
        assert!(matches!(answer.status, 200 | 404), "{path}: {}", answer.text);
        answers.insert(path, format!("{} {} {}", answer.status, answer.etag, answer.text));
    }
    found
}

impl Everything {
    /// Says where the answers differ, if they do.
    #[track_caller]
    pub fn assert_same(&self, after: &Self) {
        for (path, answer) in &self.answers {
            assert_eq!(Some(answer), after.answers.get(path), "{path}");
        }
        assert_eq!(self.answers.len(), after.answers.len(), "more is answered than before");
    }
}
