//! The load itself: many connections that ask without pause.

use super::client::Connection;
use super::report::{Outcome, histogram, record};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections of every scenario.
pub const CONNECTIONS: u64 = 64;

/// Makes the `n`-th request: method, target, body.
pub type Request = dyn Fn(&mut StdRng) -> (&'static str, String, Option<String>) + Send + Sync;

/// Sends requests over all connections until the time is up.
pub async fn load(
    name: &'static str,
    target: Option<f64>,
    address: &str,
    headers: &str,
    seconds: u64,
    request: Arc<Request>,
) -> Outcome {
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..CONNECTIONS {
        let (address, headers, request) = (address.to_owned(), headers.to_owned(), Arc::clone(&request));
        tasks.spawn(async move {
            let mut random = StdRng::seed_from_u64(lane);
            let mut connection = Connection::open(&address, headers).await.expect("the server accepts");
            let (mut done, mut refused, mut latency) = (0u64, 0u64, histogram());
            while Instant::now() < until {
                let (method, target, body) = request(&mut random);
                let asked = Instant::now();
                let answer = connection.send(method, &target, body.as_deref()).await.expect("an answer");
                record(&mut latency, asked.elapsed());
                match answer.status {
                    200..300 => done += 1,
                    // A customer who has not shopped yet has no cart.
                    404 if method == "GET" => done += 1,
                    _ => {
                        if refused == 0 {
                            eprintln!("{method} {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
                        }
                        refused += 1;
                    }
                }
            }
            (done, refused, latency)
        });
    }
    let mut outcome =
        Outcome { name, unit: "answers", seconds: 0.0, done: 0, refused: 0, latency: histogram(), target, cpu: None };
    for (done, refused, latency) in tasks.join_all().await {
        outcome.done += done;
        outcome.refused += refused;
        outcome.latency.add(latency).expect("the same bounds");
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}
