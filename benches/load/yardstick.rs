//! What the machine itself gives: an axum server that answers with what it is sent, under the same load from the same client.
//! Machines differ by more than changes do; what others do in a share of this can be compared between them.

use crate::pressure::load;
use crate::report::Outcome;
use crate::server::listening;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The argument by which this program is the server.
pub const SERVE: &str = "--echo";

/// Measures the server in a process of its own.
pub async fn run(seconds: u64) -> Outcome {
    let program = std::env::current_exe().expect("this program is a file");
    let mut server = Command::new(program).arg(SERVE).stdout(Stdio::piped()).spawn().expect("it starts");
    let address = listening(&mut server);
    let request = Arc::new(|_: &mut _| ("POST", "/".to_owned(), Some(r#"{"quantity":1}"#.to_owned())));
    let outcome = load("(bare axum echo)", None, &address, "", seconds, request).await;
    let _ = server.kill();
    let _ = server.wait();
    outcome
}

/// Serves until it is killed.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("listening on http://{}", listener.local_addr().expect("it is bound"));
        let echo = Router::new().route("/", post(|body: Bytes| async { body }));
        axum::serve(listener, echo).await.expect("it serves");
    });
}
