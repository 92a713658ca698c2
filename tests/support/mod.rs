//! What black-box tests are written with: the real server, a client per store, and answers that are checked against the
//! published contract as they come.

mod answer;
mod promises;
mod schema;
mod server;
mod shop;

pub use answer::Answer;
pub use schema::{Contract, Operation};
pub use server::private_directory;
pub use server::{Server, engines, on_files};
pub use shop::{
    PASSWORD, SECRET, TestShop, new_address, new_app_id, new_customer, new_email, new_product, new_store, number, until,
};
