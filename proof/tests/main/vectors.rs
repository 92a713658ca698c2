//! Examples of everything that this crate writes, kept for ever: what stands in `vectors/v1.json` is still written to
//! the byte, and so still read. What others should be able to check is in it, with the test keys that signed it.

use crate::leaves;
use crate::shapes::{
    Bundle, Changed, Consistency, CosignedNote, Inclusion, LeafVector, ProofVector, Root, SavedFrontier, SignedNote,
    TileVector, Vectors,
};
use crate::support::{Log, record, seed, signer};
use base64::prelude::{BASE64_STANDARD, Engine};
use proof::checkpoint::{Checkpoint, Policy};
use proof::cosignature::Cosigner;
use proof::hash::leaf_hash;
use proof::leaf::Leaf;
use proof::note::{Note, Signer};
use proof::tiles::{Rows, Tile, changed, entries_to_bytes};
use proof::tlog_proof::TlogProof;
use proof::tree::{consistency_proof, inclusion_proof};

const KEPT: &str = include_str!("../../vectors/v1.json");
const KEPT_SIZES: [u64; 10] = [0, 1, 2, 3, 5, 8, 255, 256, 257, 300];
const TEXT: &str = "one line\n\n— another, with a blank one before it\n";

impl Vectors {
    /// Of trees of these sizes.
    pub fn of(sizes: &[u64]) -> Self {
        let largest = sizes.iter().max().copied().unwrap_or_default();
        let log = Log::of(largest);
        let roots = log.roots();
        let texts = |hashes: Vec<proof::hash::Hash>| hashes.iter().map(ToString::to_string).collect();
        let leaves = sizes.iter().flat_map(|&size| {
            let some = [0, 1, size / 2, size.saturating_sub(1)].into_iter().filter(move |index| *index < size);
            some.map(move |index| (index, size))
        });
        let inclusion = leaves.map(|(index, size)| Inclusion {
            index,
            size,
            hashes: texts(inclusion_proof(&log.nodes, index, size).unwrap()),
        });
        let pairs = sizes.iter().flat_map(|&old| sizes.iter().map(move |&new| (old, new)));
        let consistency = pairs.filter(|(old, new)| *old > 0 && old <= new).map(|(old, new)| Consistency {
            old,
            new,
            hashes: texts(consistency_proof(&log.nodes, old, new).unwrap()),
        });
        let root = |size: &u64| Root { size: *size, root: roots[*size as usize].to_string() };
        Self {
            roots: sizes.iter().map(root).collect(),
            inclusion: inclusion.collect(),
            consistency: consistency.collect(),
            frontiers: [0, 1, 7].map(frontier).into(),
            tiles: tiles(),
            changed: [(0, 1), (255, 257), (0, 70_000), (65_535, 65_537), (1 << 40, (1 << 40) + 300)]
                .map(changes)
                .into(),
            bundle: bundle(),
            notes: vec![note(TEXT), note("\n"), note(&checkpoint(300).to_string())],
            cosigned: cosigned(),
            leaves: [Some(3), None].map(leaf_of).into(),
            proofs: vec![proof_of(0, 1), proof_of(2, 5), proof_of(299, 300)],
        }
    }
}

fn frontier(size: u64) -> SavedFrontier {
    SavedFrontier { size, hex: hex::encode(Log::of(size).frontier.to_bytes()) }
}

fn tiles() -> Vec<TileVector> {
    let places = [
        (Some(0), 0, 256),
        (Some(0), 1_234_067, 8),
        (Some(1), 1_000, 255),
        (Some(63), 999_999_999, 1),
        (None, 273, 112),
    ];
    let tile = |(level, index, width): (Option<u8>, u64, u16)| {
        let rows = level.map_or(Rows::Entries, |level| Rows::Hashes { level });
        TileVector { level, index, width, path: Tile::new(rows, index, width).unwrap().to_string() }
    };
    places.map(tile).into()
}

fn changes((old, new): (u64, u64)) -> Changed {
    let all: Vec<String> = changed(old, new).map(|tile| tile.to_string()).collect();
    // The first and the last are enough of many.
    let paths = match all.len() {
        0..=8 => all,
        count => [&all[..2], &all[count - 4..]].concat(),
    };
    Changed { old, new, paths }
}

fn bundle() -> Bundle {
    let records = vec![String::from_utf8(record(0)).unwrap(), String::new(), "é\n".to_owned()];
    let hex = hex::encode(entries_to_bytes(&records).unwrap());
    Bundle { records, hex }
}

/// By the key that 32 bytes 1 are the seed of.
fn log_key() -> Signer {
    signer("example.com/log", 1)
}

fn note(text: &str) -> SignedNote {
    let signer = log_key();
    let (name, id) = (signer.verifier_key().name(), signer.verifier_key().id());
    let secret = format!("PRIVATE+KEY+{name}+{id}+{}", BASE64_STANDARD.encode([1; 33]));
    let note = Note::new(text, vec![signer.sign(text).unwrap()]).unwrap();
    SignedNote { secret, key: signer.verifier_key().to_string(), text: text.to_owned(), note: note.to_string() }
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint::new("example.com/log", size, Log::of(size).frontier.root(), vec![]).unwrap()
}

fn cosigned() -> CosignedNote {
    let (log, witness) = (log_key(), Cosigner::new("witness.example.com/w1".parse().unwrap(), seed(2)));
    let (checkpoint, at) = (checkpoint(300), 1_679_315_147);
    let note = checkpoint.sign(&log).unwrap().with(witness.cosign(&checkpoint, at).unwrap()).unwrap();
    CosignedNote {
        log: log.verifier_key().to_string(),
        witness: witness.verifier_key().to_string(),
        origin: checkpoint.origin().to_owned(),
        at,
        note: note.to_string(),
    }
}

fn leaf_of(number: Option<u64>) -> LeafVector {
    let leaf = Leaf { number: number.and_then(std::num::NonZeroU64::new), ..leaves::leaf() };
    let bytes = leaf.to_bytes().unwrap();
    LeafVector { hash: leaf_hash(&bytes).to_string(), text: String::from_utf8(bytes).unwrap() }
}

fn proof_of(index: u64, size: u64) -> ProofVector {
    let log = log_key();
    let hashes = inclusion_proof(&Log::of(size).nodes, index, size).unwrap();
    let proof = TlogProof::new(index, hashes, checkpoint(size).sign(&log).unwrap()).unwrap();
    ProofVector {
        key: log.verifier_key().to_string(),
        origin: "example.com/log".to_owned(),
        record: String::from_utf8(record(index)).unwrap(),
        file: proof.to_string(),
    }
}

/// Where they differ, today's stand in a file beside the build. What is kept is never changed: what is new would be
/// version 2.
#[test]
fn what_was_written_in_version_1_is_written_today() {
    let today = serde_json::to_string_pretty(&Vectors::of(&KEPT_SIZES)).unwrap() + "\n";
    if today != KEPT {
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("vectors-v1.json");
        std::fs::write(&file, today).unwrap();
        panic!("vectors/v1.json is not what is written today, which is {}", file.display());
    }
}

#[test]
fn what_was_written_in_version_1_is_believed_today() {
    let kept: Vectors = serde_json::from_str(KEPT).unwrap();
    for note in &kept.notes {
        let read = Note::parse(note.note.as_bytes()).unwrap();
        assert_eq!(read.open(&[&note.key.parse().unwrap()]).unwrap().text, note.text);
    }
    let CosignedNote { log, witness, origin, at, note } = &kept.cosigned;
    let policy = Policy::new(origin, log.parse().unwrap()).with_witnesses(vec![witness.parse().unwrap()], 1).unwrap();
    assert_eq!(policy.open(note.as_bytes()).unwrap().cosigned[0].at, *at);
    for proof in &kept.proofs {
        let policy = Policy::new(&proof.origin, proof.key.parse().unwrap());
        TlogProof::parse(proof.file.as_bytes()).unwrap().verify(proof.record.as_bytes(), &policy).unwrap();
    }
    for kept in &kept.leaves {
        Leaf::parse(kept.text.as_bytes()).unwrap();
    }
    for kept in &kept.tiles {
        kept.path.parse::<Tile>().unwrap();
    }
}
