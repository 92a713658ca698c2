//! `Streams.Append`, `Streams.Delete` and `Streams.Tombstone`.

use super::{Empty, Position, StreamIdentifier, Uuid};
use bytes::Bytes;
use std::collections::HashMap;

#[derive(Clone, PartialEq, prost::Message)]
pub struct AppendReq {
    #[prost(oneof = "AppendContent", tags = "1, 2")]
    pub content: Option<AppendContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AppendContent {
    #[prost(message, tag = "1")]
    Options(WriteOptions),
    #[prost(message, tag = "2")]
    ProposedMessage(ProposedMessage),
}

/// The options of an append, a deletion and a tombstone: they have the same fields.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WriteOptions {
    #[prost(message, optional, tag = "1")]
    pub stream_identifier: Option<StreamIdentifier>,
    #[prost(oneof = "ExpectedRevision", tags = "2, 3, 4, 5")]
    pub expected: Option<ExpectedRevision>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum ExpectedRevision {
    #[prost(uint64, tag = "2")]
    Revision(u64),
    #[prost(message, tag = "3")]
    NoStream(Empty),
    #[prost(message, tag = "4")]
    Any(Empty),
    #[prost(message, tag = "5")]
    StreamExists(Empty),
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
    #[prost(oneof = "SuccessRevision", tags = "1, 2")]
    pub revision: Option<SuccessRevision>,
    #[prost(oneof = "SuccessPosition", tags = "3, 4")]
    pub position: Option<SuccessPosition>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum SuccessRevision {
    #[prost(uint64, tag = "1")]
    CurrentRevision(u64),
    #[prost(message, tag = "2")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum SuccessPosition {
    #[prost(message, tag = "3")]
    Position(Position),
    #[prost(message, tag = "4")]
    NoPosition(Empty),
}

/// In the answer itself, not as an error. The fields of version 20.6.0 are given as well, as the server gives them.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct WrongExpectedVersion {
    #[prost(oneof = "CurrentRevision20_6_0", tags = "1, 2")]
    pub current_20_6_0: Option<CurrentRevision20_6_0>,
    #[prost(oneof = "ExpectedRevision20_6_0", tags = "3, 4, 5")]
    pub expected_20_6_0: Option<ExpectedRevision20_6_0>,
    #[prost(oneof = "CurrentRevision", tags = "6, 7")]
    pub current: Option<CurrentRevision>,
    #[prost(oneof = "ExpectedOption", tags = "8, 9, 10, 11")]
    pub expected: Option<ExpectedOption>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum CurrentRevision20_6_0 {
    #[prost(uint64, tag = "1")]
    Revision(u64),
    #[prost(message, tag = "2")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum ExpectedRevision20_6_0 {
    #[prost(uint64, tag = "3")]
    Revision(u64),
    #[prost(message, tag = "4")]
    Any(Empty),
    #[prost(message, tag = "5")]
    StreamExists(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum CurrentRevision {
    #[prost(uint64, tag = "6")]
    Revision(u64),
    #[prost(message, tag = "7")]
    NoStream(Empty),
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum ExpectedOption {
    #[prost(uint64, tag = "8")]
    Revision(u64),
    #[prost(message, tag = "9")]
    Any(Empty),
    #[prost(message, tag = "10")]
    StreamExists(Empty),
    #[prost(message, tag = "11")]
    NoStream(Empty),
}

/// Also `TombstoneReq`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeleteReq {
    #[prost(message, optional, tag = "1")]
    pub options: Option<WriteOptions>,
}

/// Also `TombstoneResp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct DeleteResp {
    #[prost(oneof = "DeletePosition", tags = "1, 2")]
    pub position: Option<DeletePosition>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
pub enum DeletePosition {
    #[prost(message, tag = "1")]
    Position(Position),
    #[prost(message, tag = "2")]
    NoPosition(Empty),
}

/// `Streams.BatchAppend`: appends over one call, taken in the order in which they come.
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
    #[prost(oneof = "ExpectedRevision", tags = "2, 3, 4, 5")]
    pub expected: Option<ExpectedRevision>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchAppendResp {
    #[prost(message, optional, tag = "1")]
    pub correlation_id: Option<Uuid>,
    #[prost(oneof = "BatchResult", tags = "2, 3")]
    pub result: Option<BatchResult>,
    #[prost(message, optional, tag = "4")]
    pub stream_identifier: Option<StreamIdentifier>,
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
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, tag = "2")]
    pub message: String,
}
