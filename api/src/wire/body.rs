//! Reading a request's body before anything else looks at the request: whatever the answer is, the client gets it.

use axum::body::{Body, Bytes, HttpBody};
use std::pin::Pin;
use std::time::Duration;

/// A larger body is refused.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// So much of it is still read, so that the client gets the answer.
pub const MAX_READ_BYTES: usize = 8 * 1024 * 1024;

/// A request's body as it came.
#[derive(Clone, Debug)]
pub enum RawBody {
    /// All of it; empty where there was none.
    Whole(Bytes),
    TooLarge,
    /// It broke off, or took too long.
    Incomplete,
}

/// Reads the body, for at most `patience`.
pub async fn read(body: Body, patience: Duration) -> RawBody {
    if body.is_end_stream() {
        return RawBody::Whole(Bytes::new());
    }
    tokio::time::timeout(patience, read_all(body)).await.unwrap_or(RawBody::Incomplete)
}

async fn read_all(mut body: Body) -> RawBody {
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    let mut read = 0usize;
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else { return RawBody::Incomplete };
        let Ok(data) = frame.into_data() else { continue };
        read = read.saturating_add(data.len());
        if read > MAX_READ_BYTES {
            return RawBody::TooLarge;
        } else if read > MAX_BODY_BYTES {
            (first, whole) = (Bytes::new(), Vec::new());
        } else if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    match read {
        0..=MAX_BODY_BYTES if whole.is_empty() => RawBody::Whole(first),
        0..=MAX_BODY_BYTES => RawBody::Whole(whole.into()),
        _ => RawBody::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_bytes(count: usize) -> RawBody {
        let chunks = vec![b' '; count];
        let frames: Vec<Result<Bytes, std::io::Error>> =
            chunks.chunks(100_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        read(Body::from_stream(futures::stream::iter(frames)), Duration::from_secs(60)).await
    }

    #[tokio::test]
    async fn a_body_of_one_mebibyte_is_whole_and_one_more_byte_is_too_large() {
        assert!(matches!(read_bytes(MAX_BODY_BYTES).await, RawBody::Whole(body) if body.len() == MAX_BODY_BYTES));
        assert!(matches!(read_bytes(MAX_BODY_BYTES + 1).await, RawBody::TooLarge));
        assert!(matches!(read_bytes(MAX_READ_BYTES * 2).await, RawBody::TooLarge));
        assert!(matches!(read_bytes(0).await, RawBody::Whole(body) if body.is_empty()));
    }
}
