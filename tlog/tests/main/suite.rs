//! What a tree promises wherever it is kept. Every adapter runs all of it: its tests include this file once, and beside it they have a
//! `place` where trees are kept.

mod altered;
mod faults;
mod finding;
mod following;
pub mod log;
pub mod model;
mod ranks;
mod same_bytes;
pub mod seeds;
mod shops;
mod starting;
pub mod story;
mod tiles;
mod times;
pub mod world;
