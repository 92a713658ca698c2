//! What happens when a command is cut off at any of its steps, or meets another node in between.

extern crate cartlog_commands as commands;

mod bounded;
mod bugs;
mod command;
mod crash;
mod deadline;
mod expiry;
mod forgotten;
mod hang_up;
mod keys;
mod large;
mod ledger;
mod lost_answer;
mod noops;
mod parked;
mod place;
mod restored;
mod rivals;
mod shop;
mod stale;
mod worker;
mod world;
