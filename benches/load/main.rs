//! Load on the real server over HTTP with keep-alive connections, fsync on, the load generator on the same machine.
//!
//! `cargo bench --bench load -- [--long] [--smoke] [--seconds N] [--json FILE] [--server BINARY] [SCENARIO…]`; with `--long` on a
//! store of a million events, with `--server` on another build than cargo's: one of before, so that the load of both is the same.
//! `cargo bench --features engines --bench load -- --engines` runs on PostgreSQL, Kafka and Redis.

#[cfg(feature = "engines")]
mod engines;
mod long;
mod neighbour;
mod scenarios;
#[path = "../support/mod.rs"]
mod support;
mod yardstick;

use std::path::PathBuf;
use support::{client, pressure, report, server};

/// What the command line asks for.
pub struct Options {
    pub smoke: bool,
    long: bool,
    engines: bool,
    pub seconds: u64,
    json: Option<PathBuf>,
    server: PathBuf,
    only: Vec<String>,
}

fn options() -> Options {
    let mut options = Options {
        smoke: false,
        long: false,
        engines: false,
        seconds: 10,
        json: None,
        server: PathBuf::from(server::BINARY),
        only: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            yardstick::SERVE => {
                yardstick::serve();
                std::process::exit(0);
            }
            // Cargo adds it.
            "--bench" => {}
            "--long" => options.long = true,
            "--engines" => options.engines = true,
            "--smoke" => options.smoke = true,
            "--seconds" => options.seconds = arguments.next().and_then(|text| text.parse().ok()).expect("--seconds N"),
            "--server" => options.server = arguments.next().map(PathBuf::from).expect("--server BINARY"),
            "--json" => options.json = arguments.next().map(PathBuf::from),
            name => options.only.push(name.to_owned()),
        }
    }
    options
}

fn main() {
    let options = options();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let outcomes = runtime.block_on(async {
        match (options.engines, options.long) {
            (true, _) => on_engines(&options).await,
            (false, true) => long::run(&options).await,
            (false, false) => scenarios::run(&options).await,
        }
    });
    if let Some(path) = &options.json {
        let all: Vec<_> = outcomes.iter().map(report::Outcome::json).collect();
        std::fs::write(path, serde_json::to_vec_pretty(&all).expect("JSON")).expect("the file can be written");
    }
    let failed = outcomes.iter().any(|outcome| outcome.refused > 0 || outcome.done == 0);
    std::process::exit(i32::from(failed));
}

#[cfg(feature = "engines")]
use engines::run as on_engines;

#[cfg(not(feature = "engines"))]
async fn on_engines(_: &Options) -> Vec<report::Outcome> {
    panic!("this build leaves the engines out: cargo bench --features engines --bench load -- --engines")
}

impl Options {
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str()))
    }
}
