//! Logs for tests of this and other crates (feature `testing`): [`FaultLog`] stops the world at a chosen append, so that
//! every step of a command can be crashed; [`Gate`] holds every append back until the test lets it through, so that the
//! interleavings of two nodes can be gone through one by one ([`Schedules`]); [`disk`] tells what a power cut leaves.

mod chance;
pub mod disk;
mod fault;
mod gate;
mod schedules;

pub use chance::Chance;
pub use fault::{Cut, FaultLog, Then};
pub use gate::{Gate, GateLog, Waiting};
pub use schedules::{Schedule, Schedules};
