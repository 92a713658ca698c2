//! The messages as they go over the wire: EventStoreDB's published field numbers, by hand. What lives here: shapes. What
//! doesn't: what they mean.

mod cluster;
mod read;
mod write;

pub use cluster::*;
pub use read::*;
pub use write::*;

use bytes::Bytes;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct StreamIdentifier {
    #[prost(bytes = "bytes", tag = "3")]
    pub stream_name: Bytes,
}

impl From<&str> for StreamIdentifier {
    fn from(name: &str) -> Self {
        Self { stream_name: Bytes::copy_from_slice(name.as_bytes()) }
    }
}

impl StreamIdentifier {
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.stream_name).into_owned()
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Uuid {
    #[prost(oneof = "UuidValue", tags = "1, 2")]
    pub value: Option<UuidValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum UuidValue {
    #[prost(message, tag = "1")]
    Structured(StructuredUuid),
    #[prost(string, tag = "2")]
    String(String),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct StructuredUuid {
    #[prost(int64, tag = "1")]
    pub most_significant_bits: i64,
    #[prost(int64, tag = "2")]
    pub least_significant_bits: i64,
}

impl Uuid {
    pub fn structured(id: uuid::Uuid) -> Self {
        let (most, least) = id.as_u64_pair();
        let structured = StructuredUuid { most_significant_bits: most as i64, least_significant_bits: least as i64 };
        Self { value: Some(UuidValue::Structured(structured)) }
    }

    pub fn string(id: uuid::Uuid) -> Self {
        Self { value: Some(UuidValue::String(id.to_string())) }
    }

    /// The id, if it is one.
    pub fn id(&self) -> Option<uuid::Uuid> {
        match self.value.as_ref()? {
            UuidValue::Structured(bits) => {
                let (most, least) = (bits.most_significant_bits as u64, bits.least_significant_bits as u64);
                Some(uuid::Uuid::from_u64_pair(most, least))
            }
            UuidValue::String(text) => text.parse().ok(),
        }
    }
}

/// A place in `$all`: of the record that committed an event and of the event's own. Ordered by commit first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct Position {
    #[prost(uint64, tag = "1")]
    pub commit_position: u64,
    #[prost(uint64, tag = "2")]
    pub prepare_position: u64,
}

impl Position {
    /// Of an event that was committed by itself.
    pub fn of(position: u64) -> Self {
        Self { commit_position: position, prepare_position: position }
    }
}

/// `google.protobuf.Timestamp`
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}
