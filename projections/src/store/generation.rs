//! The generations of views: what is filled, answers, and goes.

use super::ViewDeclaration;
use eventlog::Checkpoint;
use eventlog::chain::EventHash;

/// One generation of a view: its rows, labels, search index and history. A rebuild fills another one beside it.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub view: &'static ViewDeclaration,
    /// From 1, new for every rebuild of the view.
    pub generation: u32,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.view.name == other.view.name && self.generation == other.generation
    }
}

/// What a store knows of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The view's name; possibly of a view that this program doesn't know.
    pub view: String,
    pub generation: u32,
    /// Of the view, when it was begun.
    pub version: u32,
    pub state: GenerationState,
    pub checkpoint: Checkpoint,
    /// Of the event at the checkpoint, as it was read; `None`: whoever wrote it kept none.
    pub event_hash: Option<EventHash>,
}

impl Generation {
    /// Whether it is one of the view in just this version.
    pub(crate) fn is_of(&self, view: &ViewDeclaration) -> bool {
        self.view == view.name && self.version == view.version
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationState {
    /// Being filled; nobody reads it.
    Filling,
    /// The one that answers.
    Live,
    /// It has been the one that answers, or was being filled, and a table of it is gone: whoever keeps the store has dropped it.
    Lost,
    /// It answered once; to be dropped.
    Retired,
}
