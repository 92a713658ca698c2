//! What a customer's carts do: the rules one by one, their precedence, and random histories against a model.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::testing::{Given, History, NOW, given, id, new_id, nothing};
use crate::{AmountOutOfRange, CartId, Cents, Decider, InvoiceId, ProductId, Timestamp};

mod billing;
mod filling;
mod fixtures;
mod model;
mod precedence;
