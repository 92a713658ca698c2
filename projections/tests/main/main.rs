//! The views from outside: events go into a log, and queries are answered.

mod answers;
mod crash;
mod embedded;
mod foreign;
mod fragile;
mod heavy;
mod history;
mod pages;
mod parked;
mod place;
mod rebuild;
mod search;
mod tenancy;
mod tips;
mod toy;
mod views;
mod waiting;
mod world;
