//! From a path to who answers it.

use crate::faults::not_leader;
use crate::server::Shared;
use crate::wire::{ClusterInfo, Empty, EndPoint, MemberInfo, SupportedMethod, SupportedMethods};
use crate::{append, batch, delete, read};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Request, Response};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codec::ProstCodec;
use tonic::server::Grpc;
use tonic::{Request as Call, Response as Answer, Status};
use tower::service_fn;

/// The most that one message may hold, as the true server has it.
const MAX_MESSAGE_BYTES: usize = 17 * 1024 * 1024;
const FOLLOWER: i32 = 6;
const LEADER: i32 = 8;
/// For how many records a pause of the scan is.
const SCANNED_A_PAUSE: u32 = 8192;

/// One call, as those who answer it see it.
#[derive(Clone)]
pub(crate) struct Context {
    pub shared: Arc<Shared>,
    /// Cancelling it cuts the connection.
    pub connection: CancellationToken,
}

impl Context {
    /// Looks at so many records in vain, as slowly as the test wants it.
    pub async fn scan(&self, count: usize) {
        self.shared.looked_at.fetch_add(count, Ordering::Relaxed);
        let pause = {
            let mut scan = self.shared.scan_pause.lock();
            let pause = scan.pause;
            scan.owed += pause * u32::try_from(count).unwrap_or(u32::MAX) / SCANNED_A_PAUSE;
            // Timers are no finer than that.
            if scan.owed < Duration::from_millis(2) { Duration::ZERO } else { std::mem::take(&mut scan.owed) }
        };
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Cuts the connection; never returns, as nobody is there to be answered.
    pub async fn cut<T>(&self) -> T {
        self.connection.cancel();
        std::future::pending().await
    }
}

pub(crate) async fn answer(
    shared: Arc<Shared>,
    connection: CancellationToken,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let request = request.map(Body::new);
    if let Err(status) = authenticate(&shared, &path, &request).and_then(|()| lead(&shared, &request)) {
        return Ok(status.into_http());
    }
    let context = Context { shared, connection };
    Ok(match path.as_str() {
        "/event_store.client.streams.Streams/Append" => {
            grpc().client_streaming(service_fn(move |call| append::append(context.clone(), call)), request).await
        }
        "/event_store.client.streams.Streams/BatchAppend" => {
            grpc().streaming(service_fn(move |call| batch::batch_append(context.clone(), call)), request).await
        }
        "/event_store.client.streams.Streams/Read" => {
            grpc().server_streaming(service_fn(move |call| read::read(context.clone(), call)), request).await
        }
        "/event_store.client.streams.Streams/Delete" => {
            grpc().unary(service_fn(move |call| delete::delete(context.clone(), call)), request).await
        }
        "/event_store.client.streams.Streams/Tombstone" => {
            grpc().unary(service_fn(move |call| delete::tombstone(context.clone(), call)), request).await
        }
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
            grpc().unary(service_fn(|_: Call<Empty>| async { Ok(Answer::new(features())) }), request).await
        }
        "/event_store.client.gossip.Gossip/Read" => {
            grpc().unary(service_fn(move |_: Call<Empty>| gossip(context.clone())), request).await
        }
        _ => Status::unimplemented("this server doesn't know that").into_http(),
    })
}

fn grpc<Out, In>() -> Grpc<ProstCodec<Out, In>>
where
    Out: prost::Message + Send + 'static,
    In: prost::Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

/// What the server can, and its version, are told to everybody, as by the true one.
fn authenticate(shared: &Shared, path: &str, request: &Request<Body>) -> Result<(), Status> {
    let Some((name, password)) = &shared.user else { return Ok(()) };
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")));
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if given == Some(&expected) || path.ends_with("/GetSupportedMethods") || path.ends_with("Gossip/Read") {
        return Ok(());
    }
    Err(Status::unauthenticated("Unauthenticated"))
}

fn lead(shared: &Shared, request: &Request<Body>) -> Result<(), Status> {
    let requires_leader = request.headers().get("requires-leader").is_some_and(|value| value == "true");
    match *shared.leader.lock() {
        Some(leader) if requires_leader => Err(not_leader(leader)),
        Some(_) | None => Ok(()),
    }
}

fn features() -> SupportedMethods {
    let method = |name: &str, features: &[&str]| SupportedMethod {
        method_name: name.to_owned(),
        service_name: "event_store.client.streams.streams".to_owned(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
    };
    SupportedMethods {
        methods: vec![
            method("read", &["position", "events"]),
            method("append", &[]),
            method("delete", &[]),
            method("tombstone", &[]),
        ],
        event_store_server_version: "26.0.0".to_owned(),
    }
}

/// By itself the server is a cluster of one, reached as the client reached it; a test may name others.
async fn gossip(context: Context) -> Result<Answer<ClusterInfo>, Status> {
    let members = context.shared.members.lock().clone();
    Ok(Answer::new(ClusterInfo { members }))
}

impl MemberInfo {
    /// A leader that is well.
    pub fn leader(host: &str, port: u16) -> Self {
        Self::of(LEADER, host, port)
    }

    /// A follower that is well.
    pub fn follower(host: &str, port: u16) -> Self {
        Self::of(FOLLOWER, host, port)
    }

    fn of(state: i32, host: &str, port: u16) -> Self {
        Self {
            state,
            is_alive: true,
            http_end_point: Some(EndPoint { address: host.to_owned(), port: port.into() }),
            ..Self::default()
        }
    }
}
