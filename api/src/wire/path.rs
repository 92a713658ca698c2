//! The canonical path of a request: aliases and trailing slashes never matter (api.md §1, Paths).

use http::{Method, Uri, uri::PathAndQuery};
use std::borrow::Cow;
use uuid::Uuid;

/// What may stand for what as the first segment.
const ALIASES: [(&str, &str); 4] =
    [("customers", "customer"), ("products", "product"), ("orders", "order"), ("invoices", "invoice")];

/// `DELETE /admin/products/{id}` is `DELETE /product/{id}`, but only for ids: `/product/count` is something else.
const ADMIN_PRODUCTS: &str = "/admin/products/";

/// The path that routes know, and that `Idempotency-Key`s belong to. Nothing is decoded: an escaped slash stays one.
pub fn canonical<'p>(method: &Method, path: &'p str) -> Cow<'p, str> {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return Cow::Borrowed("/");
    }
    if *method == Method::DELETE
        && let Some(id) = trimmed.strip_prefix(ADMIN_PRODUCTS)
        && Uuid::try_parse(id).is_ok()
    {
        return Cow::Owned(format!("/product/{id}"));
    }
    let first = &trimmed[1..];
    let end = first.find('/').unwrap_or(first.len());
    match ALIASES.iter().find(|(alias, _)| *alias == &first[..end]) {
        Some((_, name)) => Cow::Owned(format!("/{name}{}", &first[end..])),
        None => Cow::Borrowed(trimmed),
    }
}

/// The URI with its canonical path; `None` where it has it already.
pub fn canonical_uri(method: &Method, uri: &Uri) -> Option<Uri> {
    let path = canonical(method, uri.path());
    if path == uri.path() {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path.as_ref()),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_slashes_never_matter() {
        let get = |path| canonical(&Method::GET, path).into_owned();
        assert_eq!(get("/customers/"), "/customer");
        assert_eq!(get("/products/1/history//"), "/product/1/history");
        assert_eq!(get("/orders"), "/order");
        assert_eq!(get("/invoices/1"), "/invoice/1");
        assert_eq!(get("/"), "/");
        assert_eq!(get("/customer/x/orders/"), "/customer/x/orders");
        let admin = "/admin/products/0193a000-0000-7000-8000-000000000000";
        assert_eq!(get(admin), admin);
        let delete = |path: &str| canonical(&Method::DELETE, path).into_owned();
        assert_eq!(delete(&format!("{admin}/")), admin.replace("/admin/products", "/product"));
        assert_eq!(delete("/admin/products/count"), "/admin/products/count");
    }

    #[test]
    fn the_query_stays() {
        let uri: Uri = "/customers/?email=a%40b.c".parse().unwrap_or_default();
        let canonical = canonical_uri(&Method::GET, &uri).unwrap_or_default();
        assert_eq!(canonical.to_string(), "/customer?email=a%40b.c");
        assert_eq!(canonical_uri(&Method::GET, &canonical), None);
    }
}
