//! The messages of EventStoreDB's protocol that the log speaks, by their published field numbers (`streams.proto` and
//! `shared.proto` of the official client). What is not declared here is passed over when it comes, whatever it says: a newer
//! server's messages are no error.

use bytes::Bytes;
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct StreamIdentifier {
    #[prost(bytes = "bytes", tag = "3")]
    pub stream_name: Bytes,
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

/// A place in `$all`. The two differ for old transactions, and where a read goes on between events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct Position {
    #[prost(uint64, tag = "1")]
    pub commit: u64,
    #[prost(uint64, tag = "2")]
    pub prepare: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AppendReq {
    #[prost(oneof = "AppendContent", tags = "1, 2")]
    pub content: Option<AppendContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AppendContent {
    #[prost(message, tag = "1")]
    Options(AppendOptions),
    #[prost(message, tag = "2")]
    ProposedMessage(ProposedMessage),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AppendOptions {
    #[prost(message, optional, tag = "1")]
    pub stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "Expected", tags = "2, 3")]
    pub expected: Option<Expected>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum Expected {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(Empty),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ProposedMessage {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Uuid>,
    #[prost(map = "string, string", tag = "2")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "3")]
    pub custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub data: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct AppendResp {
    #[prost(oneof = "AppendResult", tags = "1, 2")]
    pub result: Option<AppendResult>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum AppendResult {
    #[prost(message, tag = "1")]
    Success(AppendSuccess),
    #[prost(message, tag = "2")]
    WrongExpectedVersion(WrongExpectedVersion),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct AppendSuccess {
    #[prost(uint64, optional, tag = "1")]
    pub current_revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub position: Option<Position>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WrongExpectedVersion {
    /// Absent: the stream has no event.
    #[prost(uint64, optional, tag = "6")]
    pub current_revision: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadReq {
    #[prost(message, optional, tag = "1")]
    pub options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadOptions {
    #[prost(oneof = "Subject", tags = "1, 2")]
    pub subject: Option<Subject>,
    #[prost(enumeration = "Direction", tag = "3")]
    pub direction: i32,
    #[prost(oneof = "Count", tags = "5, 6")]
    pub count: Option<Count>,
    #[prost(oneof = "Filter", tags = "7, 8")]
    pub filter: Option<Filter>,
    #[prost(message, optional, tag = "9")]
    pub uuid_option: Option<UuidOption>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Direction {
    Forwards = 0,
    Backwards = 1,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Subject {
    #[prost(message, tag = "1")]
    Stream(StreamOptions),
    #[prost(message, tag = "2")]
    All(AllOptions),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct StreamOptions {
    #[prost(message, optional, tag = "1")]
    pub stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "StreamStart", tags = "2, 4")]
    pub start: Option<StreamStart>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum StreamStart {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "4")]
    End(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct AllOptions {
    #[prost(oneof = "AllStart", tags = "1, 2, 3")]
    pub start: Option<AllStart>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum AllStart {
    #[prost(message, tag = "1")]
    Position(Position),
    #[prost(message, tag = "2")]
    Start(Empty),
    #[prost(message, tag = "3")]
    End(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum Count {
    #[prost(uint64, tag = "5")]
    AtMost(u64),
    #[prost(message, tag = "6")]
    Subscription(Empty),
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Filter {
    #[prost(message, tag = "7")]
    By(FilterOptions),
    #[prost(message, tag = "8")]
    None(Empty),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct FilterOptions {
    #[prost(message, optional, tag = "1")]
    pub stream_identifier: Option<Expression>,
    /// How many events the server looks at before it answers with what it has.
    #[prost(uint32, optional, tag = "3")]
    pub max_window: Option<u32>,
    /// A subscription gets a checkpoint after so many windows.
    #[prost(uint32, tag = "5")]
    pub checkpoint_interval_multiplier: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Expression {
    #[prost(string, repeated, tag = "2")]
    pub prefix: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct UuidOption {
    #[prost(message, optional, tag = "1")]
    pub structured: Option<Empty>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadResp {
    #[prost(oneof = "ReadContent", tags = "1, 3, 4, 8, 9")]
    pub content: Option<ReadContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum ReadContent {
    #[prost(message, tag = "1")]
    Event(ReadEvent),
    #[prost(message, tag = "3")]
    Checkpoint(Position),
    #[prost(message, tag = "4")]
    StreamNotFound(Empty),
    /// A subscription has brought all that stood there, and brings from now on what comes. Not said by servers before 23.10.
    #[prost(message, tag = "8")]
    CaughtUp(Empty),
    /// It reads the log again, as more came than it could keep.
    #[prost(message, tag = "9")]
    FellBehind(Empty),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub event: Option<RecordedEvent>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct RecordedEvent {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub stream_identifier: Option<StreamIdentifier>,
    #[prost(uint64, tag = "3")]
    pub stream_revision: u64,
    #[prost(uint64, tag = "4")]
    pub prepare_position: u64,
    #[prost(uint64, tag = "5")]
    pub commit_position: u64,
    #[prost(map = "string, string", tag = "6")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "bytes", tag = "7")]
    pub custom_metadata: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub data: Bytes,
}

/// What a node tells of its cluster.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub members: Vec<MemberInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct MemberInfo {
    #[prost(int32, tag = "3")]
    pub state: i32,
    #[prost(bool, tag = "4")]
    pub is_alive: bool,
    #[prost(message, optional, tag = "5")]
    pub http_end_point: Option<EndPoint>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EndPoint {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(uint32, tag = "2")]
    pub port: u32,
}

/// Many appends over one call, taken in the order in which they come.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchAppendReq {
    #[prost(message, optional, tag = "1")]
    pub correlation_id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub options: Option<BatchOptions>,
    #[prost(message, repeated, tag = "3")]
    pub proposed_messages: Vec<ProposedMessage>,
    #[prost(bool, tag = "4")]
    pub is_final: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchOptions {
    #[prost(message, optional, tag = "1")]
    pub stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "Expected", tags = "2, 3")]
    pub expected: Option<Expected>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchAppendResp {
    #[prost(message, optional, tag = "1")]
    pub correlation_id: Option<Uuid>,
    #[prost(oneof = "BatchResult", tags = "2, 3")]
    pub result: Option<BatchResult>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum BatchResult {
    #[prost(message, tag = "2")]
    Error(RpcStatus),
    #[prost(message, tag = "3")]
    Success(AppendSuccess),
}

/// `google.rpc.Status`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RpcStatus {
    #[prost(string, tag = "2")]
    pub message: String,
}

impl StreamIdentifier {
    pub fn of(name: &str) -> Option<Self> {
        Some(Self { stream_name: Bytes::copy_from_slice(name.as_bytes()) })
    }
}

impl Uuid {
    pub fn of(id: uuid::Uuid) -> Option<Self> {
        let (most, least) = id.as_u64_pair();
        let bits = StructuredUuid { most_significant_bits: most as i64, least_significant_bits: least as i64 };
        Some(Self { value: Some(UuidValue::Structured(bits)) })
    }

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

impl Position {
    /// The greatest number that the server has for a position; what is beyond it is one of its slips.
    pub const GREATEST: u64 = i64::MAX as u64;

    /// Of an event that was committed by itself, as all of ours are.
    pub fn of(position: u64) -> Self {
        Self { commit: position, prepare: position }
    }
}
