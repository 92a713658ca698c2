//! What the views promise wherever they are kept. Every adapter of the read store runs all of it: its tests include this file once, and beside
//! it they have a `place` where the views are kept.

pub mod answers;
mod at;
mod crash;
mod foreign;
pub mod fragile;
mod heavy;
pub mod history;
mod pages;
mod parked;
mod rebuild;
mod search;
mod tenancy;
mod tips;
mod toy;
mod views;
mod waiting;
pub mod world;
