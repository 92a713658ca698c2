//! One file a view: how its rows come about, told event by event, and what its lists take in.

mod carts;
mod coupons;
mod creations;
mod credits;
mod customers;
mod gift_cards;
mod invoices;
mod jobs;
mod lists;
mod numbers;
mod orders;
mod past;
mod products;
mod purchases;
mod shoppers;
mod stores;
mod story;
mod wallet;
