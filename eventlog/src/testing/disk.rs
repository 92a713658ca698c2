//! A disk that forgets whatever was not synced: the shim that writes down what a process does to its files (`shim.c`, Linux
//! only), and the model that tells from this what a power cut at any moment would have left.
//!
//! The model is strict: a file's content is safe once the file was synced, its name once its directory was. Of what came after,
//! any part may have reached the disk or not, in any order, in sectors.

use super::Chance;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

const SECTOR: usize = 512;
/// Bytes before what a record carries.
const HEAD: usize = 17;

/// Compiles the shim into the directory, with the system's C compiler or `$CC`. Preload it (`LD_PRELOAD`) into the process; its
/// variables stand at the head of `shim.c`.
///
/// # Panics
/// If there is no compiler.
pub fn compile_shim(directory: &Path) -> PathBuf {
    let (source, shim) = (directory.join("shim.c"), directory.join("shim.so"));
    std::fs::write(&source, include_str!("shim.c")).expect("the directory can be written");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let status = Command::new(&compiler)
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&shim, &source])
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{compiler} can't compile the shim");
    shim
}

/// One thing that the process did, as the shim wrote it down.
#[derive(Debug)]
pub enum Operation {
    Open { fd: i32, path: String, created: bool },
    Write { fd: i32, offset: usize, bytes: Vec<u8> },
    Truncate { fd: i32, length: usize },
    Sync { fd: i32 },
    Unlink { path: String },
}

/// Reads the shim's journal.
///
/// # Panics
/// If it isn't one.
pub fn read_journal(path: &Path) -> Vec<Operation> {
    read_journal_with_ends(path).into_iter().map(|(_, operation)| operation).collect()
}

/// Reads the shim's journal, with the number of its bytes up to the end of each record: a process that was killed may have
/// left a last one that is not whole, and is left out.
///
/// # Panics
/// If it isn't one.
pub fn read_journal_with_ends(path: &Path) -> Vec<(u64, Operation)> {
    let journal = std::fs::read(path).expect("the journal can be read");
    let mut rest = &journal[..];
    let mut operations = Vec::new();
    while let Some((head, more)) = rest.split_at_checked(HEAD) {
        let fd = i32::from_ne_bytes(head[1..5].try_into().expect("four bytes"));
        let number = i64::from_ne_bytes(head[5..13].try_into().expect("eight bytes")) as usize;
        let length = u32::from_ne_bytes(head[13..HEAD].try_into().expect("four bytes")) as usize;
        let Some((bytes, more)) = more.split_at_checked(length) else { break };
        let bytes = bytes.to_vec();
        let path = || String::from_utf8(bytes.clone()).expect("paths are UTF-8");
        let operation = match head[0] {
            kind @ (b'c' | b'o') => Operation::Open { fd, path: path(), created: kind == b'c' },
            b'w' => Operation::Write { fd, offset: number, bytes },
            b't' => Operation::Truncate { fd, length: number },
            b's' => Operation::Sync { fd },
            b'u' => Operation::Unlink { path: path() },
            other => panic!("the journal has an unknown record {other}"),
        };
        rest = more;
        operations.push(((journal.len() - rest.len()) as u64, operation));
    }
    operations
}

/// What of the unsynced is still there after the cut.
#[derive(Clone, Copy, Debug)]
pub enum Left {
    Nothing,
    /// As after a kill: the operating system lives and writes it all in the end.
    Everything,
    /// Chance decides for each sector, and how many of the latest names.
    Torn {
        seed: u64,
    },
}

#[derive(Clone, Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

#[derive(Clone)]
enum Naming {
    Given { path: String, file: usize },
    Taken { path: String },
}

/// What stands on it and what only seems to.
#[derive(Default)]
pub struct Disk {
    /// Never forgotten, since a file without a name may still be written.
    files: Vec<File>,
    opened: HashMap<i32, Opened>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Naming>,
    lies: bool,
}

#[derive(Clone, Copy)]
enum Opened {
    File(usize),
    Directory,
}

impl Disk {
    /// One that `lies` says that it has synced, and has not.
    pub fn new(lies: bool) -> Self {
        Self { lies, ..Self::default() }
    }

    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Open { fd, path, created } => self.open(*fd, path, *created),
            Operation::Write { fd, offset, bytes } => {
                self.change(*fd, Change::Write { offset: *offset, bytes: bytes.clone() });
            }
            Operation::Truncate { fd, length } => self.change(*fd, Change::Truncate { length: *length }),
            Operation::Sync { fd } => self.sync(*fd),
            Operation::Unlink { path } => {
                self.names.remove(path);
                self.unsynced_names.push(Naming::Taken { path: path.clone() });
            }
        }
    }

    fn open(&mut self, fd: i32, path: &str, created: bool) {
        if created {
            let file = self.files.len();
            self.files.push(File::default());
            self.names.insert(path.to_owned(), file);
            self.unsynced_names.push(Naming::Given { path: path.to_owned(), file });
        }
        let opened = self.names.get(path).map_or(Opened::Directory, |&file| Opened::File(file));
        self.opened.insert(fd, opened);
    }

    fn change(&mut self, fd: i32, change: Change) {
        match self.opened[&fd] {
            Opened::File(file) => self.files[file].unsynced.push(change),
            Opened::Directory => panic!("a directory can't be written"),
        }
    }

    fn sync(&mut self, fd: i32) {
        if self.lies {
            return;
        }
        match self.opened[&fd] {
            Opened::File(file) => {
                let File { synced, unsynced } = &mut self.files[file];
                unsynced.drain(..).for_each(|change| change.apply(synced));
            }
            Opened::Directory => {
                let names = &mut self.synced_names;
                self.unsynced_names.drain(..).for_each(|naming| naming.apply(names));
            }
        }
    }

    /// The files, by path, that a cut at this moment leaves.
    pub fn cut(&self, left: Left) -> BTreeMap<String, Vec<u8>> {
        let mut chance = Chance(match left {
            Left::Torn { seed } => seed,
            Left::Nothing | Left::Everything => 0,
        });
        let mut names = self.synced_names.clone();
        let kept = match left {
            Left::Nothing => 0,
            Left::Everything => self.unsynced_names.len(),
            Left::Torn { .. } => chance.below(self.unsynced_names.len() + 1),
        };
        self.unsynced_names[..kept].iter().cloned().for_each(|naming| naming.apply(&mut names));
        names.into_iter().map(|(path, file)| (path, self.files[file].cut(left, &mut chance))).collect()
    }
}

impl File {
    fn cut(&self, left: Left, chance: &mut Chance) -> Vec<u8> {
        let mut content = self.synced.clone();
        for change in &self.unsynced {
            match left {
                Left::Nothing => {}
                Left::Everything => change.clone().apply(&mut content),
                Left::Torn { .. } => change.clone().apply_torn(&mut content, chance),
            }
        }
        content
    }
}

impl Change {
    fn apply(self, content: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes } => {
                let end = offset + bytes.len();
                content.resize(content.len().max(end), 0);
                content[offset..end].copy_from_slice(&bytes);
            }
            Change::Truncate { length } => content.resize(length, 0),
        }
    }

    fn apply_torn(self, content: &mut Vec<u8>, chance: &mut Chance) {
        match self {
            Change::Write { offset, bytes } => {
                let mut from = 0;
                while from < bytes.len() {
                    // Up to where the sector ends in the file.
                    let to = (from + SECTOR - (offset + from) % SECTOR).min(bytes.len());
                    if chance.below(2) == 0 {
                        Change::Write { offset: offset + from, bytes: bytes[from..to].to_vec() }.apply(content);
                    }
                    from = to;
                }
            }
            Change::Truncate { .. } if chance.below(2) == 0 => self.apply(content),
            Change::Truncate { .. } => {}
        }
    }
}

impl Naming {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Naming::Given { path, file } => names.insert(path, file),
            Naming::Taken { path } => names.remove(&path),
        };
    }
}
