//! The command line, as whoever types it sees it: exit codes, output, one line for what went wrong.

mod ahead;
mod audit;
mod config;
mod copy;
mod damaged;
mod data_dir;
mod demo;
mod docs;
mod files;
mod hand;
mod help;
mod identity;
mod kafka;
mod lifecycle;
mod limits;
mod operations;
mod readiness;
mod readme;
pub mod run;
mod stderr;
mod tokens;
mod vouched;
