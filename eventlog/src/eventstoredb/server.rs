//! The connection to the server: calls with an end, and a new connection after a broken one, to whoever leads by then.
//!
//! The calls are made here and not by the official client, whose settings are used and which the tests hold the wire against:
//! its connection leaves Nagle's algorithm on, which costs 40 ms a call, and its subscription spins for ever, within one poll,
//! when the server ends it well.

use super::cluster::Members;
use super::failure::{ServerFailure, Why};
use super::http::{HttpClient, client, ready};
use super::target::Target;
use super::wire::{AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, Empty, ReadReq, ReadResp};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{ProstCodec, Streaming};
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};

/// The most that one message may hold, as the official client has it.
const MAX_MESSAGE_BYTES: usize = 17 * 1024 * 1024;
/// Members have this part of a call's time to say who leads.
const GOSSIPED_WITHIN: u32 = 3;
/// A moment is this part of the silence that would be trouble elsewhere.
const A_MOMENT: u32 = 3;

pub(super) struct Server {
    target: Arc<Target>,
    members: Arc<Members>,
    timeout: Duration,
    node: Mutex<Node>,
    /// One asks who leads for all who want to know.
    finding: tokio::sync::Mutex<()>,
}

/// Who is asked, until that fails.
#[derive(Clone)]
struct Node {
    client: HttpClient,
    uri: Uri,
    /// Rises with each change, so that of many calls that fail together one makes the change.
    generation: u64,
    /// Of a cluster: who leads must be found out before anything else is asked. It is known who made the trouble, if anybody.
    is_lost: bool,
    left: Option<Uri>,
}

impl Server {
    pub fn new(target: Arc<Target>, timeout: Duration) -> Self {
        let members = Arc::new(Members::new(Arc::clone(&target), timeout / GOSSIPED_WITHIN));
        Self::with_members(target, members, timeout)
    }

    fn with_members(target: Arc<Target>, members: Arc<Members>, timeout: Duration) -> Self {
        let uri = target.nodes[0].clone();
        let node = Node { client: client(&target), uri, generation: 0, is_lost: target.is_cluster, left: None };
        Self { target, members, timeout, node: Mutex::new(node), finding: tokio::sync::Mutex::default() }
    }

    /// The same server by a connection of its own.
    pub fn by_another_connection(&self) -> Self {
        Self::with_members(Arc::clone(&self.target), Arc::clone(&self.members), self.timeout)
    }

    /// Who is asked now.
    pub fn uri(&self) -> Uri {
        self.node.lock().uri.clone()
    }

    /// Asks that node from now on.
    pub fn go_to(&self, uri: Uri) {
        let mut node = self.node.lock();
        if node.uri != uri {
            *node = node.next(&self.target, uri);
        }
    }

    /// Whoever is asked now is not to be asked again while others can be.
    pub fn leave(&self) {
        let generation = self.node.lock().generation;
        self.learn(generation, ServerFailure::Unsure(Why::Left));
    }

    /// How long one call may take, and the server keep silent in one.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Appends, once.
    pub async fn append(&self, messages: Vec<AppendReq>) -> Result<AppendResp, ServerFailure> {
        let mut request = self.request(futures::stream::iter(messages));
        // The server, too, is to give up what nobody waits for any more.
        request.set_timeout(self.timeout);
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/Append");
        let node = self.node().await;
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.client_streaming(request, path, ProstCodec::default()).await
        };
        Ok(self.once(node.generation, call).await?.into_inner())
    }

    /// Begins many appends over one call, which the server takes in the order in which they come.
    pub async fn append_many(&self, messages: Vec<BatchAppendReq>) -> Result<BatchAnswers, ServerFailure> {
        let request = self.request(futures::stream::iter(messages));
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/BatchAppend");
        let node = self.node().await;
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.streaming(request, path, ProstCodec::default()).await
        };
        let messages = self.once(node.generation, call).await?.into_inner();
        Ok(BatchAnswers { messages, generation: node.generation })
    }

    /// The next answer to one of them; `None` after the last.
    pub async fn next_appended(&self, answers: &mut BatchAnswers) -> Result<Option<BatchAppendResp>, ServerFailure> {
        match timeout(self.timeout, answers.messages.message()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(self.learn(answers.generation, ServerFailure::of(status))),
            Err(_) => Err(self.learn(answers.generation, ServerFailure::silence(self.timeout))),
        }
    }

    /// Begins to read, once.
    pub async fn read(&self, question: ReadReq) -> Result<Answers, ServerFailure> {
        let request = self.request(question);
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/Read");
        let node = self.node().await;
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.server_streaming(request, path, ProstCodec::default()).await
        };
        let messages = self.once(node.generation, call).await?.into_inner();
        Ok(Answers { messages, node })
    }

    /// Begins a read that may have to look through much before it has anything to say: not even the head of its answer comes before that.
    /// Silence is no trouble as long as the server answers a cheap call beside. `None`: patience has run out.
    pub async fn begin_scan(&self, question: ReadReq, patience: Patience) -> Result<Option<Answers>, ServerFailure> {
        let request = self.request(question);
        let path = PathAndQuery::from_static("/event_store.client.streams.Streams/Read");
        let node = self.node().await;
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.server_streaming(request, path, ProstCodec::default()).await
        };
        match self.while_it_lives(&node, patience, call).await? {
            Some(messages) => Ok(Some(Answers { messages: messages.into_inner(), node: node.clone() })),
            None => Ok(None),
        }
    }

    /// The next answer of such a read.
    pub async fn next_of_scan(&self, answers: &mut Answers, patience: Patience) -> Result<Scanned, ServerFailure> {
        let Answers { messages, node } = answers;
        Ok(match self.while_it_lives(node, patience, messages.message()).await? {
            None => Scanned::Silent,
            Some(None) => Scanned::End,
            Some(Some(answer)) => Scanned::Answer(answer),
        })
    }

    /// What comes of the call, for as long as the server answers others; `None` once patience has run out.
    async fn while_it_lives<T>(
        &self,
        node: &Node,
        patience: Patience,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<Option<T>, ServerFailure> {
        tokio::pin!(call);
        let (round, mut rounds) = match patience {
            Patience::AMoment => (self.timeout / A_MOMENT, Some(1)),
            Patience::Rounds(rounds) => (self.timeout, Some(rounds)),
            Patience::Endless => (self.timeout, None),
        };
        loop {
            match timeout(round, &mut call).await {
                Ok(Ok(done)) => return Ok(Some(done)),
                Ok(Err(status)) => return Err(self.learn(node.generation, ServerFailure::of(status))),
                Err(_) => {}
            }
            rounds = match rounds {
                Some(0 | 1) => return Ok(None),
                left => left.map(|left| left - 1),
            };
            self.ask_beside(node).await?;
        }
    }

    /// Whether the node answers at all: a call that costs it nothing, over the same connection.
    async fn ask_beside(&self, node: &Node) -> Result<(), ServerFailure> {
        let path = PathAndQuery::from_static("/event_store.client.server_features.ServerFeatures/GetSupportedMethods");
        let request = self.request(Empty {});
        let mut grpc = node.grpc();
        let call = async {
            ready(&mut grpc).await?;
            grpc.unary(request, path, ProstCodec::<Empty, Empty>::default()).await
        };
        match timeout(self.timeout, call).await {
            Ok(Ok(_)) => Ok(()),
            // Older servers don't know it.
            Ok(Err(status)) if matches!(status.code(), Code::Unimplemented | Code::PermissionDenied) => Ok(()),
            Ok(Err(status)) => Err(self.learn(node.generation, ServerFailure::of(status))),
            Err(_) => Err(self.learn(node.generation, ServerFailure::silence(self.timeout))),
        }
    }

    /// The next answer; `None` after the last.
    pub async fn next(&self, answers: &mut Answers) -> Result<Option<ReadResp>, ServerFailure> {
        let next = timeout(self.timeout, self.next_when_it_comes(answers)).await;
        next.unwrap_or_else(|_| Err(self.learn(answers.node.generation, ServerFailure::silence(self.timeout))))
    }

    /// The next answer, however long it takes.
    pub async fn next_when_it_comes(&self, answers: &mut Answers) -> Result<Option<ReadResp>, ServerFailure> {
        let next = answers.messages.message().await;
        next.map_err(|status| self.learn(answers.node.generation, ServerFailure::of(status)))
    }

    /// Who is to be asked: of a cluster whoever leads, by what its members say after each trouble.
    async fn node(&self) -> Node {
        let known = self.node.lock().clone();
        if !known.is_lost {
            return known;
        }
        let _alone = self.finding.lock().await;
        let lost = self.node.lock().clone();
        if !lost.is_lost {
            return lost;
        }
        let found = self.members.find(lost.left.as_ref()).await;
        let mut node = self.node.lock();
        if node.generation == lost.generation {
            let uri = found.unwrap_or_else(|| node.uri.clone());
            *node = node.next(&self.target, uri);
        }
        node.clone()
    }

    async fn once<T>(
        &self,
        generation: u64,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, ServerFailure> {
        match timeout(self.timeout, call).await {
            Ok(Ok(answer)) => {
                self.target.has_answered.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(status)) => Err(self.learn(generation, ServerFailure::of(status))),
            Err(_) => Err(self.learn(generation, ServerFailure::silence(self.timeout))),
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
    fn learn(&self, generation: u64, trouble: ServerFailure) -> ServerFailure {
        let trouble = trouble.with(|reason| self.target.other_way(reason));
        let mut node = self.node.lock();
        if node.generation != generation {
            return trouble;
        }
        let next = match &trouble {
            ServerFailure::NotLeader { host, port } => match self.target.node(host, *port) {
                Ok(uri) => uri,
                Err(error) => return ServerFailure::NotDone(Why::Log(error)),
            },
            ServerFailure::NotDone(_) | ServerFailure::Unsure(_) => self.after(&node.uri),
            ServerFailure::TooLarge
            | ServerFailure::NoSuchPosition
            | ServerFailure::Refused(_)
            | ServerFailure::Gone(_) => return trouble,
        };
        let left = node.uri.clone();
        *node = node.next(&self.target, next);
        if self.target.is_cluster && !matches!(trouble, ServerFailure::NotLeader { .. }) {
            (node.is_lost, node.left) = (true, Some(left));
        }
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
    node: Node,
}

/// What becomes of many appends, one after the other.
pub(super) struct BatchAnswers {
    messages: Streaming<BatchAppendResp>,
    generation: u64,
}

/// How long a server that lives may look for something before it is left for a better way to look.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    AMoment,
    /// So many times the silence that would be trouble elsewhere.
    Rounds(u32),
    Endless,
}

/// What the next moment of a scan brings.
pub(super) enum Scanned {
    Answer(ReadResp),
    /// That was the last.
    End,
    /// The server still looks.
    Silent,
}

impl Node {
    /// Who is asked next, by a connection of its own.
    fn next(&self, target: &Target, uri: Uri) -> Self {
        Self { client: client(target), uri, generation: self.generation + 1, is_lost: false, left: None }
    }

    fn grpc(&self) -> Grpc<HttpClient> {
        Grpc::with_origin(self.client.clone(), self.uri.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }
}
