//! The connection to the server: where its leader is, calls with an end, and a new connection after a broken one.
//!
//! The calls are made here and not by the official client, whose settings are used and which the tests hold the wire against:
//! its connection leaves Nagle's algorithm on, which costs 40 ms a call, and its subscription spins for ever, within one poll,
//! when the server ends it well.

use super::target::Target;
use super::trouble::Trouble;
use super::wire::{AppendReq, AppendResp, ReadReq, ReadResp};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{ProstCodec, Streaming};
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::{Request, Status};

/// The most that one message may hold, as the official client has it.
const MAX_MESSAGE_BYTES: usize = 17 * 1024 * 1024;
/// As the official client pings.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const STREAM_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;

type HttpClient = Client<HttpsConnector<HttpConnector>, tonic::body::Body>;

pub(super) struct Server {
    target: Arc<Target>,
    timeout: Duration,
    node: Mutex<Node>,
}

/// Who is asked, until that fails.
#[derive(Clone)]
struct Node {
    client: HttpClient,
    uri: Uri,
    /// Rises with each change, so that of many calls that fail together one makes the change.
    generation: u64,
}

impl Server {
    pub fn new(target: Arc<Target>, timeout: Duration) -> Self {
        let node = Node { client: client(&target), uri: target.nodes[0].clone(), generation: 0 };
        Self { target, timeout, node: Mutex::new(node) }
    }

    /// The same server by a connection of its own.
    pub fn by_another_connection(&self) -> Self {
        Self::new(Arc::clone(&self.target), self.timeout)
    }

    /// How long one call may take, and the server keep silent in one.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Appends, once.
    pub async fn append(&self, messages: Vec<AppendReq>) -> Result<AppendResp, Trouble> {
        let mut request = self.request(futures::stream::iter(messages));
        // The server, too, is to give up what nobody waits for any more.
        request.set_timeout(self.timeout);
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/Append");
        let node = self.node();
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.client_streaming(request, path, ProstCodec::default()).await
        };
        Ok(self.once(node.generation, call).await?.into_inner())
    }

    /// Begins to read, once.
    pub async fn read(&self, question: ReadReq) -> Result<Answers, Trouble> {
        let request = self.request(question);
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/Read");
        let node = self.node();
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.server_streaming(request, path, ProstCodec::default()).await
        };
        let messages = self.once(node.generation, call).await?.into_inner();
        Ok(Answers { messages, generation: node.generation })
    }

    /// The next answer; `None` after the last.
    pub async fn next(&self, answers: &mut Answers) -> Result<Option<ReadResp>, Trouble> {
        let next = timeout(self.timeout, self.next_when_it_comes(answers)).await;
        next.unwrap_or_else(|_| Err(self.learn(answers.generation, Trouble::silence(self.timeout))))
    }

    /// The next answer, however long it takes.
    pub async fn next_when_it_comes(&self, answers: &mut Answers) -> Result<Option<ReadResp>, Trouble> {
        let next = answers.messages.message().await;
        next.map_err(|status| self.learn(answers.generation, Trouble::of(&status)))
    }

    fn node(&self) -> Node {
        self.node.lock().clone()
    }

    async fn once<T>(&self, generation: u64, call: impl Future<Output = Result<T, Status>>) -> Result<T, Trouble> {
        match timeout(self.timeout, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(self.learn(generation, Trouble::of(&status))),
            Err(_) => Err(self.learn(generation, Trouble::silence(self.timeout))),
        }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        // Who has just appended finds it there, which a follower doesn't promise.
        metadata.insert("requires-leader", MetadataValue::from_static("true"));
        if let Some(authorization) = &self.target.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        request
    }

    /// Asks another node from now on, or the same by a new connection, if the trouble may be with this one.
    fn learn(&self, generation: u64, trouble: Trouble) -> Trouble {
        let mut node = self.node.lock();
        if node.generation != generation {
            return trouble;
        }
        let next = match &trouble {
            Trouble::NotLeader { host, port } => match self.target.node(host, *port) {
                Ok(uri) => uri,
                Err(error) => return Trouble::NotDone(error.to_string()),
            },
            Trouble::NotDone(_) | Trouble::Unsure(_) => self.after(&node.uri),
            Trouble::TooLarge | Trouble::NoSuchPosition | Trouble::Refused(_) => return trouble,
        };
        *node = Node { client: client(&self.target), uri: next, generation: generation + 1 };
        trouble
    }

    /// The known nodes in turn; the first again after one that was only heard of.
    fn after(&self, uri: &Uri) -> Uri {
        let nodes = &self.target.nodes;
        let next = nodes.iter().position(|node| node == uri).map_or(0, |index| (index + 1) % nodes.len());
        nodes[next].clone()
    }
}

/// What a read brings, bit by bit.
pub(super) struct Answers {
    messages: Streaming<ReadResp>,
    generation: u64,
}

impl Node {
    fn grpc(&self) -> Grpc<HttpClient> {
        Grpc::with_origin(self.client.clone(), self.uri.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }
}

async fn ready(grpc: &mut Grpc<HttpClient>) -> Result<(), Status> {
    grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))
}

fn client(target: &Target) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_only(true)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE)
        .build(target.connector.clone())
}
