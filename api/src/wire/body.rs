//! Reading a request's body, once it is known who sends it, and only where the route has one.
//!
//! What is too large is not kept, but read on after the answer, so that the client gets the answer.

use crate::wire::budget::{Budget, Reserved, Who};
use axum::body::{Body, Bytes, HttpBody};
use futures::FutureExt;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// A larger body is refused.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The same of a request without credentials: as much as their fields can need, with every character escaped.
pub const MAX_STRANGERS_BYTES: usize = 64 * 1024;
/// So much of what nobody wants to know is still read, so that the client gets the answer.
const MAX_DISCARDED_BYTES: usize = 8 * 1024 * 1024;
/// The same of a request without credentials.
const MAX_STRANGERS_DISCARDED_BYTES: usize = MAX_BODY_BYTES;
/// How long a stranger may take to send it.
const STRANGERS_PATIENCE: Duration = Duration::from_secs(5);
/// How long a body may take while others wait for room.
const HURRIED: Duration = Duration::from_secs(5);
/// Where nothing says how long a body is, room is made in steps: this much at once, and then four times as much each time.
const FIRST_STEP: usize = 16 * 1024;

/// A request's body as it came.
#[derive(Clone, Debug)]
pub enum RawBody {
    /// All of it; empty where there was none.
    Whole(Bytes),
    /// Larger than so many bytes.
    TooLarge(usize),
    /// It broke off.
    Incomplete,
    /// It took too long.
    Late,
    /// Too many bodies are in memory.
    NoRoom,
}

/// What a body may take.
#[derive(Clone, Copy)]
pub struct Limits<'b> {
    pub budget: &'b Budget,
    pub who: Who,
    pub patience: Duration,
}

/// Reads the body, and keeps its bytes reserved for as long as the second part lives. What is left unread of one that is
/// refused is the third.
pub async fn read(body: Body, limits: Limits<'_>) -> (RawBody, Reserved, Option<Body>) {
    let mut reading = Reading {
        began: Instant::now(),
        deadline: Instant::now() + limits.patience,
        most: if limits.who == Who::Known { MAX_BODY_BYTES } else { MAX_STRANGERS_BYTES },
        said: body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()),
        body,
        limits,
        reserved: Reserved::default(),
        room: 0,
    };
    let whole = reading.all().await;
    let Reading { body, reserved, .. } = reading;
    match whole {
        Ok(bytes) => (RawBody::Whole(bytes), reserved, None),
        // Only what comes by itself is worth reading on.
        Err(refused @ (RawBody::TooLarge(_) | RawBody::NoRoom)) => (refused, Reserved::default(), Some(body)),
        Err(refused) => (refused, Reserved::default(), None),
    }
}

struct Reading<'b> {
    began: Instant,
    deadline: Instant,
    most: usize,
    /// How long it is said to be.
    said: Option<usize>,
    body: Body,
    limits: Limits<'b>,
    reserved: Reserved,
    /// Bytes reserved.
    room: usize,
}

impl Reading<'_> {
    async fn all(&mut self) -> Result<Bytes, RawBody> {
        if self.said.is_some_and(|said| said > self.most) {
            return Err(RawBody::TooLarge(self.most));
        }
        let (mut first, mut whole) = (Bytes::new(), Vec::new());
        while let Some(data) = self.next().await? {
            let read = first.len() + whole.len() + data.len();
            if read > self.most {
                return Err(RawBody::TooLarge(self.most));
            }
            self.make_room(read).await?;
            if first.is_empty() && whole.is_empty() {
                first = data;
                continue;
            }
            // Exactly what is reserved, rather than what a vector would take.
            whole.reserve_exact(self.room.max(read) - whole.len());
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
        Ok(if whole.is_empty() { first } else { whole.into() })
    }

    /// Room for all of it, once something of it has come: whoever sends nothing holds nothing, and of many large ones some come
    /// through, rather than all of them half-way.
    async fn make_room(&mut self, read: usize) -> Result<(), RawBody> {
        if self.room >= read {
            return Ok(());
        }
        let step = || (self.room * 4).max(FIRST_STEP).min(self.most);
        let wanted = self.said.unwrap_or_else(step).max(read);
        let Limits { budget, who, .. } = self.limits;
        if !budget.reserve(who, wanted - self.room, &mut self.reserved).await {
            return Err(RawBody::NoRoom);
        }
        self.room = wanted;
        Ok(())
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, RawBody> {
        loop {
            // Mostly it is there already.
            let piece = match piece(&mut self.body).now_or_never() {
                Some(piece) => piece,
                None => tokio::select! {
                    biased;
                    piece = piece(&mut self.body) => piece,
                    () = tokio::time::sleep_until(self.deadline) => return Err(RawBody::Late),
                    () = self.limits.budget.pressed() => {
                        self.deadline = self.deadline.min(self.began + HURRIED);
                        continue;
                    }
                },
            };
            match piece {
                None => return Ok(None),
                Some(Err(_)) => return Err(RawBody::Incomplete),
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return Ok(Some(data)),
            }
        }
    }
}

/// The next piece of a body; trailers, which say nothing here, are an empty one.
async fn piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

/// Reads on what nobody wants to know, in no memory to speak of: a client that is still sending would not see an answer on a
/// connection that was closed.
pub async fn discard(mut body: Body, who: Who, patience: Duration) {
    let (most, patience) = match who {
        Who::Known => (MAX_DISCARDED_BYTES, patience),
        Who::Stranger => (MAX_STRANGERS_DISCARDED_BYTES, STRANGERS_PATIENCE.min(patience)),
    };
    let reading = async {
        let mut read = 0usize;
        while let Some(Ok(data)) = piece(&mut body).await {
            read = read.saturating_add(data.len());
            if read > most {
                break;
            }
        }
    };
    // Whoever takes longer is cut off.
    let _ = tokio::time::timeout(patience, reading).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    const MIB: usize = 1024 * 1024;

    fn limits(budget: &Budget, who: Who) -> Limits<'_> {
        Limits { budget, who, patience: Duration::from_secs(30) }
    }

    fn chunks(count: usize) -> Body {
        let chunks = vec![b' '; count];
        let frames: Vec<Result<Bytes, std::io::Error>> =
            chunks.chunks(100_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        Body::from_stream(futures::stream::iter(frames))
    }

    /// So many bytes, and then nothing for ever.
    fn silent(count: usize) -> Body {
        let first = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b' '; count]))]);
        Body::from_stream(first.chain(futures::stream::pending()))
    }

    #[tokio::test]
    async fn a_body_of_one_mebibyte_is_whole_and_one_more_byte_is_too_large() {
        let budget = Budget::new(64 * MIB);
        let read = async |count| read(chunks(count), limits(&budget, Who::Known)).await;
        let (whole, reserved, _) = read(MAX_BODY_BYTES).await;
        assert!(matches!(whole, RawBody::Whole(body) if body.len() == MAX_BODY_BYTES));
        assert_eq!(budget.reserved(), MAX_BODY_BYTES);
        drop(reserved);
        for count in [MAX_BODY_BYTES + 1, MAX_DISCARDED_BYTES * 2] {
            let (refused, _reserved, rest) = read(count).await;
            assert!(matches!(refused, RawBody::TooLarge(MAX_BODY_BYTES)) && rest.is_some());
            assert_eq!(budget.reserved(), 0);
        }
        assert!(matches!(read(0).await.0, RawBody::Whole(body) if body.is_empty()));
    }

    #[tokio::test(start_paused = true)]
    async fn hundreds_of_bodies_that_break_off_half_way_take_no_more_than_the_budget() {
        let budget = Budget::new(4 * MIB);
        let half = || read(silent(MIB / 2), limits(&budget, Who::Known));
        let all = futures::future::join_all((0..400).map(|_| half()));
        let mut most = 0;
        let watching = async {
            // Longer than any of them may take.
            for _ in 0..10_000 {
                most = most.max(budget.reserved());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let read = tokio::select! { read = all => read, () = watching => Vec::new() };
        assert_eq!(read.len(), 400);
        assert!(read.iter().all(|(body, ..)| matches!(body, RawBody::Late | RawBody::NoRoom)), "{read:?}");
        assert!((MIB..=4 * MIB).contains(&most), "{most} bytes");
        drop(read);
        assert_eq!(budget.reserved(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_has_half_a_minute_and_less_while_others_wait() {
        let (budget, began) = (Budget::new(MIB), Instant::now());
        let slow = || read(silent(1_000), limits(&budget, Who::Known));
        assert!(matches!(slow().await.0, RawBody::Late));
        assert_eq!(began.elapsed().as_secs(), 30);
        let others = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut reserved = Reserved::default();
            budget.reserve(Who::Known, MIB, &mut reserved).await
        };
        let (slow, waited) = futures::future::join(slow(), others).await;
        assert!(matches!(slow.0, RawBody::Late) && !waited);
        assert_eq!(began.elapsed().as_secs(), 35);
    }

    #[tokio::test]
    async fn a_stranger_gets_little() {
        let budget = Budget::new(MIB);
        let (refused, ..) = read(chunks(MAX_STRANGERS_BYTES + 1), limits(&budget, Who::Stranger)).await;
        assert!(matches!(refused, RawBody::TooLarge(MAX_STRANGERS_BYTES)));
        let (whole, ..) = read(chunks(MAX_STRANGERS_BYTES), limits(&budget, Who::Stranger)).await;
        assert!(matches!(whole, RawBody::Whole(_)));
    }
}
