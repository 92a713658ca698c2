//! Events of the past that no state keeps, looked up where they stand: the only place beside the executor that reads streams.
//!
//! A look here is bounded by what is asked for. Whoever needs an event's revision first asks the state, or the view `past`
//! ([`crate::Lookups::past`]).

use crate::CommandError;
use crate::node::{Has, Node};
use crate::streams::stream_of;
use domain::Decider;
use eventlog::StreamName;
use journal::{Envelope, Tail};

impl Node {
    /// The aggregate's event at the revision; `None`: there is none, or it is another's.
    pub(crate) async fn event_at<A: Decider>(
        &self,
        id: &A::Id,
        revision: u64,
    ) -> Result<Option<A::Event>, CommandError> {
        let events = self.events_from(&stream_of::<A>(id), revision, 1).await?;
        Ok(events.into_iter().next().and_then(|envelope| A::event(envelope.event)))
    }

    /// The aggregate's newest events, at most so many, the oldest first.
    pub(crate) async fn newest_events<A: Decider>(&self, id: &A::Id, most: usize) -> Result<Vec<A::Event>, CommandError>
    where
        Node: Has<A>,
    {
        let length = self.executor().read(id, |loaded| loaded.tail.length).await?;
        let from = length.saturating_sub(most as u64);
        let events = self.events_from(&stream_of::<A>(id), from, most).await?;
        Ok(events.into_iter().filter_map(|envelope| A::event(envelope.event)).collect())
    }

    /// The stream's events from the revision on, at most so many.
    pub(crate) async fn events_from(
        &self,
        stream: &StreamName,
        revision: u64,
        most: usize,
    ) -> Result<Vec<Envelope>, CommandError> {
        let from = Tail { length: revision, last_hash: None };
        let slice = self.parts.journal.read_stream(stream, from, most).await?;
        Ok(slice.events)
    }
}
