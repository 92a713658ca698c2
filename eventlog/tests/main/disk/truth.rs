//! 'The append was not done' is true, whatever failed, and whenever the power is cut afterwards: nobody finds its events later.
//!
//! A process appends while writes and syncs of its disk fail by chance, and writes down what it tries and what it is told. As
//! whoever is told that the outcome is not known does, it tries again as another append to the same stream. Then the disk is rebuilt
//! as a cut would have left it after each 'not done', in each way, and no event of what was told so may be there.

use super::appender::open;
use super::process::{self, Process};
use eventlog::testing::Chance;
use eventlog::testing::disk::{Disk, Left, Operation, read_journal};
use eventlog::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;

/// How often a command is tried, and how many of them are open at one time, each on a stream of its own.
const TRIES: usize = 1_200;
const OPEN: usize = 6;
const STREAMS: usize = 16;

#[tokio::test]
#[ignore = "runs in a process of its own, started by the test below"]
async fn a_process_whose_disk_fails_by_chance() {
    let (Some(directory), Some(trouble)) = (process::watched_directory(), process::trouble()) else { return };
    let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
    append_and_note(&directory, &trouble, seed).await;
}

#[tokio::test]
async fn what_was_said_not_to_be_done_is_not_done() {
    let (mut looked_at, mut unknown) = (0, 0);
    for seed in 1..=3_u64 {
        let process = Process::new();
        process.run("disk::truth::a_process_whose_disk_fails_by_chance", &[("SEED", &seed.to_string())]);
        let record = Record::of(&process);
        looked_at += record.check(seed).await;
        unknown += record.lines.iter().filter(|(_, line)| line.verdict == "unknown").count();
    }
    println!("{looked_at} moments after 'not done', {unknown} not known");
    assert!(looked_at >= 300 && unknown >= 300, "{looked_at} moments after 'not done', {unknown} not known");
}

async fn append_and_note(directory: &Path, trouble: &Path, seed: u64) {
    let mut notes = File::create(directory.join("answers")).unwrap();
    // Notes are written to the same disk, which fails for them too.
    let mut note = |verdict: &str, key: usize| {
        let line = format!("{verdict} {key}\n");
        while notes.write_all(line.as_bytes()).is_err() {}
    };
    let (mut chance, mut log) = (Chance(seed), open(directory, Synchronous::Full).unwrap());
    let (mut open_keys, mut next): (Vec<usize>, usize) = ((0..OPEN).collect(), OPEN);
    for _ in 0..TRIES {
        match chance.below(4) > 0 {
            true => std::fs::write(trouble, format!("r{}", chance.below(1 << 30))).unwrap(),
            false => drop(std::fs::remove_file(trouble)),
        }
        // Now and then as by a new process.
        if chance.below(40) == 0 {
            drop(log);
            drop(std::fs::remove_file(trouble));
            log = open(directory, Synchronous::Full).unwrap();
        }
        let place = chance.below(OPEN);
        let key = open_keys[place];
        let stream = StreamName::new(format!("cart-{}", key % STREAMS));
        let Ok(events) = log.read_stream(&stream, 0, usize::MAX).await else { continue };
        // What stands under the key already is an answer, as in the executor.
        let mut is_done = events.iter().any(|event| key_of(event) == key);
        if !is_done {
            note("try", key);
            let event = NewEvent {
                id: Uuid::now_v7(),
                event_type: "Happened".to_owned(),
                data: format!(r#"{{"key":{key},"text":"{}"}}"#, "x".repeat(chance.below(2_000))).into(),
                metadata: "{}".into(),
            };
            match log.append(&stream, ExpectedRevision::of_length(events.len() as u64), vec![event]).await {
                Ok(_) => {
                    note("done", key);
                    is_done = true;
                }
                Err(AppendError::Unavailable { .. }) => note("not", key),
                Err(AppendError::OutcomeUnknown { .. } | AppendError::Conflict { .. }) => note("unknown", key),
                Err(other) => panic!("{other:?}"),
            }
        }
        if is_done {
            open_keys[place] = next;
            // The next key whose stream no other one is on.
            while open_keys
                .iter()
                .enumerate()
                .any(|(at, other)| at != place && other % STREAMS == open_keys[place] % STREAMS)
            {
                open_keys[place] += 1;
            }
            next = open_keys[place] + 1;
        }
    }
}

fn key_of(event: &RecordedEvent) -> usize {
    let said: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
    usize::try_from(said["key"].as_u64().unwrap()).unwrap()
}

struct Line {
    verdict: String,
    key: usize,
}

struct Record {
    operations: Vec<Operation>,
    /// With the number of operations before each.
    lines: Vec<(usize, Line)>,
    watched: String,
}

impl Record {
    fn of(process: &Process) -> Self {
        let operations = read_journal(&process.journal());
        let (mut lines, mut notes) = (Vec::new(), None);
        for (at, operation) in operations.iter().enumerate() {
            match operation {
                Operation::Open { fd, path, .. } if path.ends_with("/answers") => notes = Some(*fd),
                Operation::Write { fd, bytes, .. } if Some(*fd) == notes => {
                    let text = std::str::from_utf8(bytes).unwrap();
                    let (verdict, key) = text.trim().split_once(' ').unwrap();
                    lines.push((at, Line { verdict: verdict.to_owned(), key: key.parse().unwrap() }));
                }
                _ => {}
            }
        }
        Self { operations, lines, watched: process.watched().to_str().unwrap().to_owned() }
    }

    /// At each moment right after a 'not done', and right before whatever comes next of it. How many those were.
    async fn check(&self, seed: u64) -> usize {
        let mut chance = Chance(seed);
        let (mut disk, mut applied, mut looked_at) = (Disk::new(false), 0, 0);
        for (number, (at, line)) in self.lines.iter().enumerate() {
            if line.verdict != "not" {
                continue;
            }
            let next = self.lines[number + 1..].iter().find(|(_, later)| later.key == line.key);
            let until = next.map_or(self.operations.len(), |(at, _)| *at);
            for moment in [at + 1, at + 1 + chance.below(until.saturating_sub(at + 1) + 1)] {
                // Moments of different commands may overlap: never backwards.
                if moment < applied {
                    continue;
                }
                self.operations[applied..moment].iter().for_each(|operation| disk.apply(operation));
                applied = moment;
                let left = match looked_at % 3 {
                    0 => Left::Nothing,
                    1 => Left::Everything,
                    _ => Left::Torn { seed: chance.below(usize::MAX) as u64 },
                };
                self.check_cut(&disk, left, line.key, moment, seed).await;
                looked_at += 1;
            }
        }
        looked_at
    }

    async fn check_cut(&self, disk: &Disk, left: Left, key: usize, moment: usize, seed: u64) {
        let directory = TempDir::new().unwrap();
        restore(&disk.cut(left), &self.watched, directory.path());
        let log = open(directory.path(), Synchronous::Full).unwrap();
        let events = log.read_all(Position::START, usize::MAX).await.unwrap();
        let found = events.iter().find(|event| key_of(event) == key);
        assert!(
            found.is_none(),
            "seed {seed}: {key} was said not to be done, and is there after a cut at {moment}, {left:?}"
        );
    }
}

/// Memory that was mapped doesn't outlive the process.
fn restore(files: &BTreeMap<String, Vec<u8>>, from: &str, to: &Path) {
    for (path, content) in files {
        let name = path.strip_prefix(from).unwrap().trim_start_matches('/');
        if !name.ends_with("-shm") {
            std::fs::write(to.join(name), content).unwrap();
        }
    }
}
