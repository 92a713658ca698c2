//! The binary: parses, dispatches, and says in one line what went wrong and what to do.
//!
//! Exit codes: 0 done, 1 failed, 2 not understood, 3 done, but what was found is not as it should be, 4 a task of the server broke off
//! again and again: start it anew.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod audit;
mod cli;
mod clock;
mod config;
mod connection;
mod control;
mod copy;
mod data_dir;
mod demo;
mod descriptors;
mod engines;
mod http;
mod in_time;
mod kafka;
mod logging;
mod operations;
mod output;
mod progress;
mod random;
mod rebuild;
mod serve;
mod shell;
mod signals;
mod status;
mod supervise;
mod tables;
mod tokens;
mod units;
mod version;
mod wiring;

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;

/// Bounded memory under many small, short-lived allocations; and faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One provider for all TLS of the process. An error says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = cli::Cli::parse();
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from).and_then(
            |runtime| {
                let outcome = runtime.block_on(cli.run());
                // A thread that a disk or a name server keeps waiting must not keep the process.
                runtime.shutdown_timeout(Duration::from_secs(2));
                outcome
            },
        );
    let code = match outcome {
        Ok(code) => code,
        Err(error) => {
            logging::say(&format!("cartlog: {}", eventlog::with_causes(error.as_ref())));
            ExitCode::from(code_of(&error))
        }
    };
    logging::end();
    code
}

/// What the process exits with because of it.
fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<supervise::Dead>() { supervise::DEAD } else { 1 }
}
