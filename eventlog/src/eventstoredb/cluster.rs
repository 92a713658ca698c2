//! Who leads. What lives here: asking the members of a cluster, those that were named at the start and those that were heard of
//! since, as official clients do: at the start, and after each trouble. What doesn't: connections that are kept.

use super::http::{HttpClient, client, ready};
use super::target::Target;
use super::wire::{ClusterInfo, Empty, MemberInfo};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::PathAndQuery;

/// The states of members who answer, in the order in which they are preferred: leader, follower, and those that only read.
const PREFERRED: [i32; 4] = [8, 6, 14, 12];
/// A cluster has no more nodes than this that anybody would ask.
const MOST_MEMBERS: usize = 32;

/// What is known of the cluster.
pub(super) struct Members {
    target: Arc<Target>,
    timeout: Duration,
    heard_of: Mutex<Vec<Uri>>,
}

/// A node that would serve, the better the smaller its rank.
struct Candidate {
    rank: usize,
    uri: Uri,
}

impl Members {
    pub fn new(target: Arc<Target>, timeout: Duration) -> Self {
        Self { target, timeout, heard_of: Mutex::default() }
    }

    /// Who leads, by what the members say now; whoever else would serve, if nobody does. `left` made trouble just now, and is
    /// taken only where all others are worse. `None`: nobody answers.
    pub async fn find(&self, left: Option<&Uri>) -> Option<Uri> {
        let mut asked: Vec<Uri> = self.heard_of.lock().clone();
        for seed in self.target.resolved().await {
            if !asked.contains(&seed) {
                asked.push(seed);
            }
        }
        let mut answers: FuturesUnordered<_> = asked.into_iter().map(|node| self.ask(node)).collect();
        let mut best: Option<Candidate> = None;
        while let Some((asked, told)) = answers.next().await {
            let Some(told) = told else { continue };
            // A node that tells of no members is one by itself.
            let candidates = match self.candidates(&told) {
                members if told.is_empty() && members.is_empty() => {
                    vec![Candidate { rank: PREFERRED.len(), uri: asked }]
                }
                members => members,
            };
            self.hear_of(&candidates);
            for mut candidate in candidates {
                if Some(&candidate.uri) == left {
                    candidate.rank += PREFERRED.len();
                }
                if best.as_ref().is_none_or(|best| candidate.rank < best.rank) {
                    best = Some(candidate);
                }
            }
            if best.as_ref().is_some_and(|best| best.rank == 0) {
                break;
            }
        }
        best.map(|best| best.uri)
    }

    fn candidates(&self, told: &[MemberInfo]) -> Vec<Candidate> {
        let candidate = |member: &MemberInfo| {
            let rank = PREFERRED.iter().position(|state| *state == member.state).filter(|_| member.is_alive)?;
            let place = member.http_end_point.as_ref()?;
            Some(Candidate { rank, uri: self.target.node(&place.address, place.port).ok()? })
        };
        told.iter().take(MOST_MEMBERS).filter_map(candidate).collect()
    }

    /// Who is no longer told of is forgotten once others are.
    fn hear_of(&self, members: &[Candidate]) {
        if !members.is_empty() {
            *self.heard_of.lock() = members.iter().map(|member| member.uri.clone()).collect();
        }
    }

    /// What a node tells; `None` if it does not answer.
    async fn ask(&self, node: Uri) -> (Uri, Option<Vec<MemberInfo>>) {
        let mut grpc: Grpc<HttpClient> = Grpc::with_origin(client(&self.target), node.clone());
        let path = PathAndQuery::from_static("/event_store.client.gossip.Gossip/Read");
        let mut request = Request::new(Empty {});
        if let Some(authorization) = &self.target.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        let call = async {
            ready(&mut grpc).await?;
            grpc.unary(request, path, ProstCodec::<Empty, ClusterInfo>::default()).await
        };
        let told = timeout(self.timeout, call).await;
        (node, told.ok().and_then(Result::ok).map(|answer| answer.into_inner().members))
    }
}
