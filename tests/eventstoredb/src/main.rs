//! The server by itself, so that several processes can share one log.

use clap::Parser;
use eventstoredb_double::{Double, DoubleOptions};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A small server that speaks EventStoreDB's protocol, for tests. It runs until it is killed.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 is any that is free
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Keep the log in this file, so that it outlives the process
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Arguments { listen, data } = Arguments::parse();
    let double = Double::start_with(DoubleOptions { listen, data, ..DoubleOptions::default() }).await?;
    println!("listening on {}", double.address());
    std::future::pending().await
}
