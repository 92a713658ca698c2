//! Against other programs that read and write the same formats: Cloudflare's `signed_note` and `tlog_tiles`, in both
//! directions.

use crate::keys::{ENOCH, PETER};
use crate::support::{Log, Published, leaf, record, signer};
use base64::prelude::{BASE64_STANDARD, Engine};
use proof::checkpoint::{Checkpoint, Policy};
use proof::hash::Hash;
use proof::keys::VerifierKey;
use proof::note::Note;
use proof::tiles::{Rows, Tile, changed};
use proof::tree::{
    HashReader, MissingNode, Node, consistency_proof, inclusion_proof, root, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use std::cell::RefCell;
use tlog_tiles::{HashReader as TheirReader, tlog};

const TEXT: &str = "one line\n\n— another\n";

/// The verifiers of the others for these keys.
fn verifiers(keys: &[&str]) -> VerifierList {
    VerifierList::new(
        keys.iter()
            .map(|key| Box::new(StandardVerifier::new(key).unwrap()) as Box<dyn signed_note::Verifier>)
            .collect(),
    )
}

/// The secret as the others read it; the id is the public key's.
fn their_signer(name: &str, byte: u8) -> StandardSigner {
    let id = signer(name, byte).verifier_key().id();
    let key = BASE64_STANDARD.encode([&[1], &[byte; 32][..]].concat());
    StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{key}")).unwrap()
}

#[test]
fn what_is_signed_here_is_opened_there() {
    let (one, two) = (signer("example.com/one", 1), signer("example.com/two", 2));
    let note = Note::new(TEXT, vec![one.sign(TEXT).unwrap(), two.sign(TEXT).unwrap()]).unwrap();
    let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.text(), TEXT.as_bytes());
    let keys = [one.verifier_key().to_string(), two.verifier_key().to_string()];
    let (verified, others) = read.verify(&verifiers(&[&keys[0], &keys[1]])).unwrap();
    assert_eq!((verified.len(), others.len()), (2, 0));
    let (verified, others) = read.verify(&verifiers(&[&keys[1], PETER])).unwrap();
    assert_eq!((verified[0].name(), others.len()), ("example.com/two", 1));
    assert!(read.verify(&verifiers(&[PETER, ENOCH])).is_err());
}

#[test]
fn what_is_signed_there_is_opened_here() {
    let mut note = signed_note::Note::new(TEXT.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&their_signer("example.com/one", 1), &their_signer("example.com/two", 2)]).unwrap();
    let (one, two) = (signer("example.com/one", 1), signer("example.com/two", 2));
    let read = Note::parse(&note.to_bytes()).unwrap();
    let opened = read.open(&[one.verifier_key(), two.verifier_key()]).unwrap();
    assert_eq!((opened.text, opened.signed_by.len()), (TEXT, 2));
    // Ed25519 signs the same each time, so that the note is the same to the byte.
    let here = Note::new(TEXT, vec![one.sign(TEXT).unwrap(), two.sign(TEXT).unwrap()]).unwrap();
    assert_eq!(here, read);
}

#[test]
fn keys_that_are_made_there_are_read_here() {
    let one = their_signer("example.com/one", 1);
    assert_eq!(
        u32::from_be_bytes(signer("example.com/one", 1).verifier_key().id().0),
        signed_note::Signer::key_id(&one)
    );
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let public: [u8; 32] = ring::signature::KeyPair::public_key(&pair).as_ref().try_into().unwrap();
    let key: VerifierKey = signer("example.com/one", 1).verifier_key().to_string().parse().unwrap();
    assert_eq!(key.public_key(), &public);
}

#[test]
fn checkpoints_are_read_on_both_sides() {
    for extensions in [vec![], vec!["one".to_owned(), "two words".to_owned()]] {
        let here = Checkpoint::new("example.com/log", 300, leaf(0), extensions).unwrap();
        let there = tlog_tiles::Checkpoint::from_bytes(here.to_string().as_bytes()).unwrap();
        assert_eq!((there.origin(), there.size(), there.hash().0), ("example.com/log", 300, *leaf(0).as_bytes()));
        assert_eq!(String::from_utf8(there.to_bytes()).unwrap().parse(), Ok(here));
    }
    let note = Checkpoint::new("example.com/log", 300, leaf(0), vec![]).unwrap();
    let mut there = signed_note::Note::new(note.to_string().as_bytes(), &[]).unwrap();
    there.add_sigs(&[&their_signer("example.com/log", 1)]).unwrap();
    let policy = Policy::new("example.com/log", signer("example.com/log", 1).verifier_key().clone());
    assert_eq!(policy.open(&there.to_bytes()).unwrap().checkpoint, note);
}

/// Their order of stored hashes, over the nodes that are kept here.
struct Theirs<'l>(&'l Log);

fn theirs(hash: Hash) -> tlog::Hash {
    tlog::Hash(*hash.as_bytes())
}

fn all_theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().copied().map(theirs).collect()
}

impl TheirReader for Theirs<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let nodes = indexes.iter().map(|index| tlog::split_stored_hash_index(*index));
        Ok(nodes.map(|(level, index)| theirs(self.0.nodes[&Node { level, index }])).collect())
    }
}

/// The hashes that they would store, in their order, read from here.
#[derive(Default)]
struct Stored(RefCell<Vec<tlog::Hash>>);

impl TheirReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0.borrow()[*index as usize]).collect())
    }
}

impl HashReader for Stored {
    type Error = MissingNode;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Hash>, MissingNode> {
        let index = |node: &Node| tlog::stored_hash_index(node.level, node.index) as usize;
        let stored = self.0.borrow();
        nodes.iter().map(|node| stored.get(index(node)).map(|hash| hash.0.into()).ok_or(MissingNode(*node))).collect()
    }
}

const SIZE: u64 = 130;

#[test]
fn what_is_proved_here_verifies_there() {
    let log = Log::of(SIZE);
    let roots = log.roots();
    for size in 1..=SIZE {
        let root = theirs(roots[size as usize]);
        assert_eq!(tlog::tree_hash(size, &Theirs(&log)).unwrap(), root, "{size}");
        for index in (0..size).step_by(3) {
            let proof = all_theirs(&inclusion_proof(&log.nodes, index, size).unwrap());
            assert_eq!(proof, tlog::prove_record(size, index, &Theirs(&log)).unwrap());
            tlog::check_record(&proof, size, root, index, tlog::record_hash(&record(index))).unwrap();
            let (old, old_root) = (index + 1, theirs(roots[index as usize + 1]));
            let proof = all_theirs(&consistency_proof(&log.nodes, old, size).unwrap());
            assert_eq!(proof, tlog::prove_tree(size, old, &Theirs(&log)).unwrap());
            tlog::check_tree(&proof, size, root, old, old_root).unwrap();
        }
    }
}

#[test]
fn what_is_proved_there_verifies_here() {
    let (stored, mut roots) = (Stored::default(), vec![Log::of(0).frontier.root()]);
    for index in 0..SIZE {
        let more = tlog::stored_hashes(index, &record(index), &stored).unwrap();
        stored.0.borrow_mut().extend(more);
        roots.push(root(&stored, index + 1).unwrap());
    }
    let ours = |hashes: Vec<tlog::Hash>| hashes.into_iter().map(|hash| hash.0.into()).collect::<Vec<Hash>>();
    for size in 1..=SIZE {
        let root = roots[size as usize];
        for index in (0..size).step_by(3) {
            let proof = ours(tlog::prove_record(size, index, &stored).unwrap());
            verify_inclusion(leaf(index), index, size, &proof, root).unwrap();
            let old = index + 1;
            let proof = ours(tlog::prove_tree(size, old, &stored).unwrap());
            verify_consistency((old, roots[old as usize]), (size, root), &proof).unwrap();
        }
    }
}

/// Their coordinates have a height, which is 8 here, and `data` for entries.
fn their_path(tile: Tile) -> String {
    tile.to_string().replace("tile/", "tile/8/").replace("entries", "data")
}

fn their_tile(tile: Tile) -> tlog_tiles::Tile {
    match tile.rows() {
        Rows::Hashes { level } => tlog_tiles::Tile::new(8, level, tile.index(), tile.width().into(), false),
        Rows::Entries => tlog_tiles::Tile::new(8, 0, tile.index(), tile.width().into(), true),
    }
}

proptest! {
    #[test]
    fn tiles_have_the_same_paths(level in 0u8..64, index in 0u64..1 << 60, short in 0u32..60, width in 1u16..=256) {
        for rows in [Rows::Hashes { level }, Rows::Entries] {
            let tile = Tile::new(rows, index >> short, width).unwrap();
            prop_assert_eq!(their_tile(tile).path(), their_path(tile));
            prop_assert_eq!(tlog_tiles::Tile::from_path(&their_path(tile)).unwrap(), their_tile(tile));
        }
    }

    #[test]
    fn an_append_changes_the_same_tiles(old in 0u64..1 << 40, more in 0u64..2_000) {
        let here: Vec<_> = changed(old, old + more).map(their_tile).collect();
        prop_assert_eq!(here, tlog_tiles::Tile::new_tiles(8, old, old + more));
    }
}

impl tlog_tiles::TileReader for Published {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let here = |tile: &tlog_tiles::Tile| tile.path().replace("tile/8/", "tile/").parse::<Tile>();
        Ok(tiles.iter().map(|tile| self.0[&here(tile).expect("a path")].clone()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Their client authenticates every tile that it reads against the root.
#[test]
fn tiles_that_are_published_here_are_believed_there() {
    let log = Log::of(600);
    let published = log.published();
    let client = tlog_tiles::TileHashReader::new(600, theirs(log.frontier.root()), &published);
    for index in [0, 255, 256, 511, 512, 599] {
        let proof = tlog::prove_record(600, index, &client).unwrap();
        assert_eq!(proof, all_theirs(&inclusion_proof(&log.nodes, index, 600).unwrap()));
    }
    let client = tlog_tiles::TileHashReader::new(600, theirs(leaf(0)), &published);
    tlog::prove_record(600, 0, &client).expect_err("another root");
}
