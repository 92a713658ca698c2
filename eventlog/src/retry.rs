//! What becomes of it when the same is tried again, for whoever tries again by itself.
//!
//! Every error of what is stored says it, by a method `retry`: so whoever tries again need not know the cases of each.

/// What becomes of it when the same is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same again, unless somebody changes something first.
    Never,
    /// It will do once what is away is back, or has room.
    Later,
    /// It will do in a moment: too much was asked for at once, or somebody else was faster.
    Busy,
}

impl Retry {
    /// Whether trying again can help, sooner or later.
    pub fn helps(self) -> bool {
        match self {
            Retry::Never => false,
            Retry::Later | Retry::Busy => true,
        }
    }
}
