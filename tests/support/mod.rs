//! What black-box tests are written with: the real server, a client per store, and answers that are checked against the
//! published schema as they come.

mod answer;
mod schema;
mod server;
mod shop;

pub use answer::Answer;
pub use schema::Contract;
pub use server::Server;
pub use shop::TestShop;
