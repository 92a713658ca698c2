//! The contract with clients (docs/api.md), tested from outside against the real server: a file per resource or convention,
//! a line for every promise.

mod addresses;
mod asyncapi;
mod billing;
mod carts;
mod confirmation;
mod conventions;
mod coupons;
mod credits;
mod customers;
mod dates;
mod document;
mod emails;
mod from_the_original;
mod fuzz;
mod generators;
mod gift_cards;
mod history;
mod idempotency;
mod invoices;
mod limits;
mod orders;
mod paging;
mod positions;
mod products;
mod refunds;
mod requests;
mod routes;
mod service;
mod snapshot;
mod stores;
mod streaming;
mod table;
mod tokens;
mod versions;
