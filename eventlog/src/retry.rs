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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppendError, LogEnded, LogError, LogId, Mismatch, Position, StreamName};

    #[test]
    fn each_error_of_the_log_says_whether_trying_again_helps() {
        let away = || LogError::Unavailable(LogEnded::Closed.into());
        let damaged = || LogError::Damaged(std::io::Error::other("a page is malformed").into());
        let log_id = LogId(uuid::Uuid::nil());
        let foreign = LogError::ForeignCheckpoint { log_id, position: Position(1), reason: Mismatch::NoEvent };
        assert_eq!([away(), damaged(), foreign].map(|error| error.retry()), [Retry::Later, Retry::Never, Retry::Never]);

        let stream = || StreamName::new("cart-42");
        let cases = [
            (AppendError::TooLarge { stream: stream(), bytes: 7 }, Retry::Never),
            (AppendError::Unavailable { stream: stream(), source: away() }, Retry::Later),
            (AppendError::Unavailable { stream: stream(), source: damaged() }, Retry::Never),
            (AppendError::OutcomeUnknown { stream: stream(), source: away() }, Retry::Later),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
        assert!(!Retry::Never.helps() && Retry::Later.helps() && Retry::Busy.helps());
    }
}
