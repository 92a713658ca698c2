//! What is told of the objects of busy shops, against what their views show.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod history;
