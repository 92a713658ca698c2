//! The log in a file, so that the server can be killed and started again. Writes that came together share one sync. One frame
//! a write: its length, then its records; so a write is whole, or cut off when the file is read.

use super::Record;
use bytes::{Buf, Bytes};
use parking_lot::{Condvar, Mutex};
use prost::Message;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Clone, PartialEq, prost::Message)]
struct Frame {
    #[prost(message, repeated, tag = "1")]
    records: Vec<StoredRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredRecord {
    #[prost(uint64, tag = "1")]
    position: u64,
    #[prost(string, tag = "2")]
    stream: String,
    #[prost(uint64, tag = "3")]
    revision: u64,
    #[prost(bytes = "bytes", tag = "4")]
    id: Bytes,
    #[prost(string, tag = "5")]
    event_type: String,
    #[prost(bool, tag = "6")]
    is_json: bool,
    #[prost(uint64, tag = "7")]
    created: u64,
    #[prost(bytes = "bytes", tag = "8")]
    data: Bytes,
    #[prost(bytes = "bytes", tag = "9")]
    metadata: Bytes,
}

/// Opens the file, hands on what each write left in it, and cuts off what isn't whole.
pub fn read(path: &Path, mut each: impl FnMut(Vec<Record>)) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let mut rest = Bytes::from(content);
    let mut whole = 0;
    while let Some(frame) = next_frame(&mut rest) {
        whole += (size_of::<u32>() + frame.encoded_len()) as u64;
        each(frame.records.into_iter().filter_map(record).collect());
    }
    file.set_len(whole)?;
    Ok(file)
}

fn next_frame(rest: &mut Bytes) -> Option<Frame> {
    let length = rest.try_get_u32_le().ok()? as usize;
    let frame = (length <= rest.len()).then(|| rest.split_to(length))?;
    Frame::decode(frame).ok()
}

fn record(stored: StoredRecord) -> Option<Record> {
    Some(Record {
        position: stored.position,
        stream: stored.stream.into(),
        revision: stored.revision,
        id: uuid::Uuid::from_slice(&stored.id).ok()?,
        event_type: stored.event_type,
        is_json: stored.is_json,
        created: stored.created,
        data: stored.data,
        metadata: stored.metadata,
    })
}

fn stored(record: &Record) -> StoredRecord {
    StoredRecord {
        position: record.position,
        stream: record.stream.to_string(),
        revision: record.revision,
        id: Bytes::copy_from_slice(record.id.as_bytes()),
        event_type: record.event_type.clone(),
        is_json: record.is_json,
        created: record.created,
        data: record.data.clone(),
        metadata: record.metadata.clone(),
    }
}

/// The thread that writes and syncs.
pub struct Disk {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// How many records there are once the bytes are in the file.
    records: usize,
    closed: bool,
}

impl Disk {
    pub fn start(file: File, readable: Arc<watch::Sender<usize>>) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let thread_queue = Arc::clone(&queue);
        std::thread::Builder::new().name("log-file".to_owned()).spawn(move || run(&thread_queue, file, &readable))?;
        Ok(Self { queue })
    }

    /// Queues what one write made; in the order of the calls.
    pub fn write(&self, records: &[Arc<Record>], count: usize) {
        let frame = Frame { records: records.iter().map(|record| stored(record)).collect() };
        let mut waiting = self.queue.waiting.lock();
        waiting.bytes.extend_from_slice(&(frame.encoded_len() as u32).to_le_bytes());
        waiting.bytes.extend_from_slice(&frame.encode_to_vec());
        waiting.records = count;
        self.queue.arrived.notify_one();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.queue.waiting.lock().closed = true;
        self.queue.arrived.notify_one();
    }
}

fn run(queue: &Queue, mut file: File, readable: &watch::Sender<usize>) {
    loop {
        let mut waiting = queue.waiting.lock();
        queue.arrived.wait_while(&mut waiting, |waiting| waiting.bytes.is_empty() && !waiting.closed);
        if waiting.bytes.is_empty() {
            return;
        }
        let (bytes, records) = (std::mem::take(&mut waiting.bytes), waiting.records);
        drop(waiting);
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            // Nobody waits for a test's server to get well.
            eprintln!("the log's file can't be written: {error}");
            std::process::abort();
        }
        readable.send_replace(records);
    }
}
