//! The power is cut: an answered append must be there when it comes back. (Killing the process proves nothing of it: the
//! operating system would still write what was never synced.)
//!
//! A process appends with a shim between it and the disk, which writes down each write, sync, creation and removal, and
//! among them each answer. Then, for many moments in that record, the disk is rebuilt as a cut would have left it, the log
//! is opened on it, and every answer from before the cut is looked for.

use super::appender::{self, Answer};
use super::process::{self, Process};
use eventlog::testing::Chance;
use eventlog::testing::disk::{Disk, Left, Operation, read_journal};
use eventlog::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;

/// How many moments are looked at.
const CUTS: usize = 150;

#[tokio::test]
#[ignore = "runs in a process of its own, started by the tests below"]
async fn a_process_that_appends() {
    let Some(directory) = process::watched_directory() else { return };
    let normal = std::env::var_os("SYNCHRONOUS_NORMAL").is_some();
    let synchronous = if normal { Synchronous::Normal } else { Synchronous::Full };
    appender::append_and_note_answers(&directory, synchronous).await;
}

#[tokio::test]
#[ignore = "runs in a process of its own, started by the tests below"]
async fn a_process_whose_syncs_fail_now_and_then() {
    let (Some(directory), Some(trouble)) = (process::watched_directory(), process::trouble()) else { return };
    appender::append_while_syncs_fail(&directory, &trouble).await;
}

#[tokio::test]
async fn a_power_cut_takes_no_answered_append() {
    let record = Record::of("a_process_that_appends", &[]);
    for cut in record.cuts() {
        let lost = record.lost_at(&cut, false).await;
        assert_eq!(lost, [], "lost at {cut:?}");
    }
}

/// What a failed sync left in the write-ahead log must not be taken for written when the append is repeated.
#[tokio::test]
async fn a_power_cut_takes_no_append_that_was_answered_after_a_failed_sync() {
    let record = Record::of("a_process_whose_syncs_fail_now_and_then", &[]);
    for cut in record.cuts() {
        let lost = record.lost_at(&cut, false).await;
        assert_eq!(lost, [], "lost at {cut:?}");
    }
}

#[tokio::test]
async fn without_a_sync_for_each_commit_answers_are_lost_but_none_before_another() {
    let record = Record::of("a_process_that_appends", &[("SYNCHRONOUS_NORMAL", "1")]);
    let mut losses = 0;
    for cut in record.cuts() {
        losses += record.lost_at(&cut, false).await.len();
    }
    assert!(losses > 0, "the test can't tell a log that syncs from one that doesn't");
}

#[tokio::test]
async fn on_a_disk_that_lies_answers_are_lost() {
    let record = Record::of("a_process_that_appends", &[]);
    let end = Cut { at: record.operations.len(), left: Left::Nothing };
    assert!(!record.lost_at(&end, true).await.is_empty(), "the rebuilt disk doesn't depend on syncs");
}

/// What a process did, and what it was answered.
struct Record {
    operations: Vec<Operation>,
    /// With the number of operations before each.
    answers: Vec<(usize, Answer)>,
    watched: String,
}

/// A moment at which the power is cut.
#[derive(Debug)]
struct Cut {
    /// The number of operations that came before.
    at: usize,
    left: Left,
}

impl Record {
    fn of(test: &str, environment: &[(&str, &str)]) -> Self {
        let process = Process::new();
        process.run(&format!("disk::power_cut::{test}"), environment);
        let operations = read_journal(&process.journal());
        let watched = process.watched().to_str().unwrap().to_owned();
        let mut answers = Vec::new();
        let mut answers_fd = None;
        for (at, operation) in operations.iter().enumerate() {
            match operation {
                Operation::Open { fd, path, .. } if path.ends_with("/answers") => answers_fd = Some(*fd),
                Operation::Write { fd, bytes, .. } if Some(*fd) == answers_fd => {
                    answers.push((at, Answer::from_line(bytes)));
                }
                _ => {}
            }
        }
        assert!(answers.len() >= 120, "only {} answers, of {} operations", answers.len(), operations.len());
        Self { operations, answers, watched }
    }

    /// Evenly over the whole record, with each kind of what is left; those of chance by seeds that the failure names.
    fn cuts(&self) -> Vec<Cut> {
        let mut chance = Chance(self.operations.len() as u64);
        let cut = |nth: usize| Cut {
            at: self.operations.len() * (nth + 1) / CUTS,
            left: match nth % 3 {
                0 => Left::Nothing,
                1 => Left::Everything,
                _ => Left::Torn { seed: chance.below(usize::MAX) as u64 },
            },
        };
        (0..CUTS).map(cut).collect()
    }

    /// The answers from before the cut that the log knows nothing of after it. What it knows must be whole.
    async fn lost_at(&self, cut: &Cut, lies: bool) -> Vec<Answer> {
        let mut disk = Disk::new(lies);
        self.operations[..cut.at].iter().for_each(|operation| disk.apply(operation));
        let directory = TempDir::new().unwrap();
        restore(&disk.cut(cut.left), &self.watched, directory.path());
        let log = appender::open(directory.path(), Synchronous::Full)
            .unwrap_or_else(|error| panic!("the log can't be opened after {cut:?}: {error}"));
        let events = log.read_all(Position::START, usize::MAX).await.unwrap();
        check_whole(&events, cut);
        let last = events.iter().map(|event| (event.stream.to_string(), event.revision, event.position.0));
        let there: BTreeSet<_> = last.collect();
        let is_lost = |answer: &&Answer| !there.contains(&(answer.stream.clone(), answer.revision, answer.position));
        let before = self.answers.iter().filter(|(at, _)| *at < cut.at).map(|(_, answer)| answer);
        let lost = before.filter(is_lost).cloned().collect();
        let new = vec![appender::event(0, 1, 10)];
        log.append(&StreamName::new("after-the-cut"), ExpectedRevision::NoStream, new).await.unwrap();
        lost
    }
}

/// Writes the files to where the log is to be opened. Memory that was mapped doesn't outlive the process.
fn restore(files: &BTreeMap<String, Vec<u8>>, from: &str, to: &Path) {
    for (path, content) in files {
        let name = path.strip_prefix(from).unwrap().trim_start_matches('/');
        if !name.ends_with("-shm") {
            std::fs::write(to.join(name), content).unwrap();
        }
    }
}

/// No gap in the positions or in a stream, and no append of which only a part is there.
fn check_whole(events: &[RecordedEvent], cut: &Cut) {
    let mut lengths = BTreeMap::new();
    let mut expected_nth = 0;
    for (position, event) in (1..).zip(events) {
        assert_eq!(event.position, Position(position), "{cut:?}");
        let length = lengths.entry(event.stream.clone()).or_insert(0);
        assert_eq!(event.revision, *length, "{} after {cut:?}", event.stream);
        *length += 1;
        let said: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
        assert_eq!(said["nth"], expected_nth, "at {position} after {cut:?}");
        expected_nth = if said["of"] == expected_nth + 1 { 0 } else { expected_nth + 1 };
    }
    assert_eq!(expected_nth, 0, "the last append is only there in part after {cut:?}");
}
