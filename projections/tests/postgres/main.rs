//! The same tests as in `../main`, on PostgreSQL; and what only a store that several nodes share can meet.

#[path = "../main/answers.rs"]
mod answers;
#[path = "../main/crash.rs"]
mod crash;
#[path = "../main/foreign.rs"]
mod foreign;
#[path = "../main/fragile.rs"]
mod fragile;
#[path = "../main/heavy.rs"]
mod heavy;
#[path = "../main/history.rs"]
mod history;
#[path = "../main/pages.rs"]
mod pages;
#[path = "../main/parked.rs"]
mod parked;
#[path = "../main/rebuild.rs"]
mod rebuild;
#[path = "../main/search.rs"]
mod search;
#[path = "../main/tenancy.rs"]
mod tenancy;
#[path = "../main/tips.rs"]
mod tips;
#[path = "../main/toy.rs"]
mod toy;
#[path = "../main/views/mod.rs"]
mod views;
#[path = "../main/waiting.rs"]
mod waiting;
#[path = "../main/world.rs"]
mod world;

mod fencing;
mod place;
mod queries;
mod server;
mod sharing;
mod shelf;
mod versions;

#[path = "../../../postgres/tests/main/proxy.rs"]
mod proxy;
#[path = "../../../postgres/tests/main/scratch.rs"]
mod scratch;
