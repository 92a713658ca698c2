//! The log as the domain speaks it, from outside: what goes in comes out, what was tampered with is told, and followers
//! get each event once.

#![allow(clippy::unwrap_used)]

mod chain;
mod following;
mod heads;
mod samples;
mod sealing;
mod sizes;
mod support;
mod unreadable;
mod verify;
