//! The whole URL map, on one screen. Paths are canonical: aliases and trailing slashes are removed before (`wire::path`).

use crate::openapi;
use crate::parts::{Api, ApiParts};
use crate::routes::{
    addresses, audits, billing, carts, confirmation, coupons, credits, customers, emails, finding, gift_cards,
    histories, invoices, orders, products, refunds, snapshots, stores, streaming, tags, tokens,
};
use crate::service;
use crate::wire::access::{Access, AccessTable, Window};
use crate::wire::{cors, encoding, front};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

/// How hard answers are compressed, in every coding: JSON gets small at once, and trying harder costs more time than it saves.
const ENCODED_AT: i32 = 1;
/// Smaller answers are not worth compressing.
const COMPRESS_ABOVE_BYTES: u64 = 1_024;

macro_rules! urls {
    ($($path:literal => $($method:ident $([$window:ident])? $($handler:ident)::+),+;)+) => {
        /// Every route: its methods and its path.
        pub const ROUTES: &[(&[&str], &str)] = &[$((&[$(stringify!($method)),+], $path)),+];

        /// Who may ask for each operation.
        const ACCESS: &[(&str, &str, Access)] =
            &[$($((stringify!($method), $path, Access::of(stringify!($method), window!($($window)?)))),+),+];

        fn listed() -> OpenApiRouter<Api> {
            let routes = OpenApiRouter::default();
            $(let routes = routes.routes(at($path, routes!($($($handler)::+),+)));)+
            routes
        }
    };
}

/// What stands behind a method in the list: nothing where it is not for a shop window.
macro_rules! window {
    () => {
        Window::Closed
    };
    (window) => {
        Window::Open
    };
    (own) => {
        Window::OwnCustomer
    };
}

// `[window]`: also for tokens of role `storefront`; `[own]`: for these with a token of the customer whom it is about.
urls! {
    "/store"                                             => POST stores::create, GET [window] stores::one, PUT stores::change, DELETE stores::delete;
    "/store/token"                                       => POST tokens::issue, DELETE tokens::revoke;
    "/store/secret"                                      => PUT stores::change_secret;
    "/store/actor/{actor_id}"                            => DELETE stores::forget_actor;
    "/store/history"                                     => GET histories::store;

    "/product"                                           => GET [window] products::list, POST products::create;
    "/product/count"                                     => GET [window] products::count;
    "/product/search/{query}"                            => GET [window] products::search;
    "/product/{product_id}"                              => GET [window] products::one, PUT products::change, DELETE products::delete;
    "/admin/products/{product_id}"                       => DELETE products::delete_as_admin;
    "/product/{product_id}/inventory"                    => PUT products::change_inventory;
    "/product/{product_id}/tag/{tag}"                    => POST tags::add;
    "/product/{product_id}/tag"                          => DELETE tags::remove;
    "/product/{product_id}/history"                      => GET histories::product;

    "/customer"                                          => GET customers::list, POST [window] customers::create;
    "/customer/count"                                    => GET customers::count;
    "/customer/login"                                    => PUT [window] customers::log_in;
    "/customer/logout"                                   => PUT [own] customers::log_out;
    "/customer/confirm/{token}"                          => GET confirmation::look, POST confirmation::press, PUT confirmation::confirm;
    "/customer/{customer_id}"                            => GET [own] customers::one, PUT [own] customers::change, DELETE customers::delete;
    "/customer/{customer_id}/snapshot"                   => GET snapshots::one;
    "/customer/{customer_id}/history"                    => GET histories::customer;
    "/customer/{customer_id}/send_confirmation"          => PUT [own] confirmation::send;
    "/customer/{customer_id}/address"                    => GET [own] addresses::list, POST [own] addresses::add;
    "/customer/{customer_id}/address/{address_id}"       => PUT [own] addresses::change, DELETE [own] addresses::remove;
    "/customer/{customer_id}/address/{address_id}/make_primary" => PUT [own] addresses::make_primary;
    "/customer/{customer_id}/email"                      => POST [own] emails::add, DELETE [own] emails::remove;
    "/customer/{customer_id}/email/make_primary"         => PUT [own] emails::make_primary;
    "/customer/{customer_id}/email/{email}"              => POST [own] emails::add_named, DELETE [own] emails::remove_named;
    "/customer/{customer_id}/email/{email}/make_primary" => PUT [own] emails::make_named_primary;

    "/customer/{customer_id}/cart"                       => GET [own] carts::open, POST [own] carts::create, DELETE [own] carts::close;
    "/customer/{customer_id}/carts"                      => GET [own] carts::list;
    "/customer/{customer_id}/cart/item"                  => POST [own] carts::add_items, DELETE [own] carts::remove_items;
    "/customer/{customer_id}/cart/item/{product_id}"     => POST [own] carts::add_item, PUT [own] carts::set_quantity, DELETE [own] carts::remove_item;
    "/customer/{customer_id}/cart/billcart"              => POST [own] billing::bill;
    "/customer/{customer_id}/cart/history"               => GET histories::carts;

    "/invoice"                                           => GET invoices::list;
    "/invoice/{invoice_id}"                              => GET invoices::one;
    "/invoice/{invoice_id}/collected"                    => POST invoices::collect;
    "/invoice/{invoice_id}/failed"                       => PUT invoices::fail;
    "/invoice/{invoice_id}/refund"                       => GET refunds::list, POST refunds::issue;
    "/invoice/{invoice_id}/refund/close"                 => PUT refunds::close;
    "/invoice/{invoice_id}/history"                      => GET histories::invoice;
    "/customer/{customer_id}/invoices"                   => GET [own] invoices::of_customer;

    "/order"                                             => GET orders::list;
    "/order/{order_id}"                                  => GET orders::one;
    "/order/{order_id}/shipped"                          => PUT orders::ship;
    "/order/{order_id}/delivered"                        => PUT orders::deliver;
    "/order/{order_id}/canceled"                         => PUT orders::cancel;
    "/order/{order_id}/history"                          => GET histories::order;
    "/customer/{customer_id}/orders"                     => GET [own] orders::of_customer;

    "/giftcard"                                          => GET gift_cards::list, POST gift_cards::issue;
    "/giftcard/{gift_card_id}"                           => GET gift_cards::one, DELETE gift_cards::void;
    "/giftcard/{gift_card_id}/history"                   => GET histories::gift_card;
    "/customer/{customer_id}/giftcards"                  => GET [own] gift_cards::of_customer;

    "/customer/credit/{amount}"                          => POST credits::issue_to_all;
    "/customer/credit/status/{job_id}"                   => GET credits::job;
    "/customer/{customer_id}/credit"                     => GET [own] credits::list;
    "/customer/{customer_id}/credit/{credit_id_or_amount}"         => GET [own] credits::one, POST credits::issue, DELETE credits::void;
    "/customer/{customer_id}/credit/{credit_id_or_amount}/history" => GET histories::credit;

    "/coupon_code"                                       => GET coupons::list, POST coupons::create;
    "/coupon_code/{code}"                                => GET coupons::one, DELETE coupons::void;
    "/coupon_code/{code}/is_valid"                       => GET [window] coupons::is_valid;
    "/coupon_code/{code}/history"                        => GET histories::coupon;

    "/streaming/toptencartitems/{n}"                     => GET streaming::top_cart_items;
    "/streaming/invoiceamount"                           => GET streaming::invoice_amount;
    "/streaming/topcoupon"                               => GET streaming::top_coupon;
    "/streaming/newcustomers"                            => GET streaming::new_customers;
    "/streaming/customerlogin"                           => GET streaming::customer_logins;

    "/audit/find"                                        => GET finding::find;
    "/audit/{kind}/{object_id}"                          => GET audits::history_of;

    "/"                                                  => GET service::root;
    "/errors"                                            => GET service::list_errors;
    "/errors/{slug}"                                    => GET service::explain_error;
    "/healthz"                                           => GET service::healthz;
    "/readyz"                                            => GET service::readyz;
    "/metrics"                                           => GET service::metrics;
    "/openapi.json"                                      => GET service::openapi_json;
    "/asyncapi.json"                                     => GET service::asyncapi_json;
    "/docs"                                              => GET service::docs;
}

/// The handlers of one path. They don't name it themselves: the list does.
fn at(path: &str, (schemas, mut paths, handlers): UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    if let Some(item) = paths.paths.remove("") {
        paths.paths.insert(path.to_owned(), item);
    }
    (schemas, paths, handlers)
}

/// The OpenAPI 3.1 document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let (_, mut handlers) = listed().split_for_parts();
        handlers.merge(crate::problem::documented());
        openapi::document_of(&handlers, &AccessTable::new(ACCESS))
    });
    &DOCUMENT
}

/// The same as it is served.
fn document_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(document()).unwrap_or_default());
    &BYTES
}

/// Everything that is served: the contract of api.md, over these parts.
pub fn router(parts: ApiParts) -> Router {
    let (compression, origins) = (parts.settings.compression, parts.settings.cors_origins.clone());
    let (routes, document) = listed().split_for_parts();
    let api = Api::new(parts, with_bodies(&document), AccessTable::new(ACCESS), document_bytes);
    let routes = routes
        .route("/docs/{*asset}", axum::routing::get(service::docs_asset))
        .method_not_allowed_fallback(front::method_not_allowed)
        .fallback(front::not_found)
        .layer(from_fn_with_state(api.clone(), front::limit_time))
        .layer(from_fn(front::measure))
        .with_state(api.clone());
    // Paths are made canonical before they are routed, so the routes stand behind a router that has none of its own.
    let outer = Router::new().fallback_service(routes).layer(from_fn_with_state(api, front::receive));
    let worth_it = SizeAbove::new(COMPRESS_ABOVE_BYTES).and(NotForContentType::IMAGES);
    let outer = match compression {
        true => outer
            .layer(CompressionLayer::new().quality(CompressionLevel::Precise(ENCODED_AT)).compress_when(worth_it))
            .layer(from_fn(encoding::negotiate)),
        false => outer,
    };
    match cors::layer(&origins) {
        Some(cors) => outer.layer(cors),
        None => outer,
    }
}

/// The methods of each path that read a body, as the handlers say.
fn with_bodies(document: &utoipa::openapi::OpenApi) -> HashMap<String, Vec<Method>> {
    let of_path = |item: &utoipa::openapi::PathItem| {
        let operations = [
            (&item.post, Method::POST),
            (&item.put, Method::PUT),
            (&item.delete, Method::DELETE),
            (&item.get, Method::GET),
        ];
        let reads = operations
            .into_iter()
            .filter(|(operation, _)| operation.as_ref().is_some_and(|operation| operation.request_body.is_some()));
        reads.map(|(_, method)| method).collect::<Vec<_>>()
    };
    document.paths.paths.iter().map(|(path, item)| (path.clone(), of_path(item))).collect()
}
