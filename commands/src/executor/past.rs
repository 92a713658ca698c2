//! What a command must know of its stream's past that the state does not keep, asked of the index before it is decided.
//!
//! The index may already have what another node appended since the state was read: then the append conflicts, or what was
//! decided without an event is decided again on the fresh state. What this batch adds itself is not in the index yet, but in
//! the state: it keeps more than a batch can add.

use super::queue::BATCH;
use super::{ExecutorContext, Loaded, StreamFailure};
use domain::Decider;
use eventlog::StreamName;
use std::sync::Arc;

/// A batch's entries are still kept when its last command is decided; no command adds more than two.
const _: () = assert!(domain::recent::KEPT > BATCH);

/// The questions of one batch.
#[derive(Default)]
pub(super) struct Past {
    /// The index is away: the others of the batch need not wait for it, too.
    away: Option<Arc<StreamFailure>>,
}

impl Past {
    /// Asks for all that the command must know, and tells the state.
    pub(super) async fn tell<A: Decider>(
        &mut self,
        shared: &ExecutorContext,
        stream: &StreamName,
        loaded: &mut Loaded<A>,
        command: &A::Command,
    ) -> Result<(), Arc<StreamFailure>> {
        while let Some(asked) = loaded.state.asks(command) {
            if let Some(failure) = &self.away {
                return Err(Arc::clone(failure));
            }
            match shared.lookups.past(loaded.position, stream, &asked).await {
                Ok(fact) => loaded.state.told(&asked, fact),
                Err(source) => {
                    let failure = Arc::new(StreamFailure::Past { stream: stream.to_string(), source });
                    self.away = Some(Arc::clone(&failure));
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}
