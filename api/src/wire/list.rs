//! One page of a list, with the links beside it.

use http::HeaderValue;
use serde::Serialize;
use utoipa::ToSchema;

/// Where to go from here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Link {
    /// What is there: `self`, `next`, `previous`, or the name of a resource.
    #[schema(value_type = String, example = "self")]
    pub rel: &'static str,
    /// An absolute path of this server.
    #[schema(example = "/product?page=1")]
    pub href: String,
}

impl Link {
    pub fn new(rel: &'static str, href: impl Into<String>) -> Self {
        Self { rel, href: href.into() }
    }
}

/// One page of a list.
pub trait List: Serialize {
    type Item;
    fn page(items: Vec<Self::Item>, links: Vec<Link>) -> Self;
    fn links(&self) -> &[Link];
}

/// The links as an RFC 8288 `Link` header.
pub fn link_header(links: &[Link]) -> Option<HeaderValue> {
    let links: Vec<_> = links.iter().map(|link| format!("<{}>; rel=\"{}\"", link.href, link.rel)).collect();
    HeaderValue::from_str(&links.join(", ")).ok()
}
