//! The use cases, a file per resource. Each method of [`crate::Commands`] is one command of the contract.

pub mod addresses;
pub mod authenticate;
pub mod batch_credit;
mod behind;
mod bill_size;
pub mod billing;
pub(crate) mod cart_steps;
pub mod carts;
pub mod confirmation;
pub mod coupons;
pub mod credits;
pub mod customer_tokens;
pub mod customers;
pub mod emails;
pub mod gift_cards;
mod growing;
pub(crate) mod holds;
pub mod invoices;
pub mod log_in;
pub mod operator_tokens;
pub mod orders;
pub mod products;
pub(crate) mod settling;
mod store_day;
pub mod stores;
pub(crate) mod wallet;
