//! What strangers send: whatever it is, reading it ends without a panic, and what is taken for a format is written again to
//! the byte.

use crate::shapes::Vectors;
use proof::checkpoint::Checkpoint;
use proof::hash::Hash;
use proof::keys::VerifierKey;
use proof::leaf::Leaf;
use proof::note::{Note, Signature};
use proof::tiles::{Tile, entries_from_bytes, entries_to_bytes, hashes_from_bytes, hashes_to_bytes};
use proof::tlog_proof::TlogProof;
use proof::tree::Frontier;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

/// What is well formed, of each format.
static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let kept: Vectors = serde_json::from_str(include_str!("../../vectors/v1.json")).unwrap();
    let texts = kept.notes.into_iter().flat_map(|note| [note.key, note.text, note.note]);
    let texts = texts.chain(kept.proofs.into_iter().map(|proof| proof.file)).chain([kept.cosigned.note]);
    let texts = texts.chain(kept.leaves.into_iter().flat_map(|leaf| [leaf.text, leaf.hash]));
    let texts = texts.chain(kept.tiles.into_iter().map(|tile| tile.path)).map(String::into_bytes);
    let bytes = kept.frontiers.into_iter().map(|frontier| frontier.hex).chain([kept.bundle.hex]);
    texts.chain(bytes.map(|hex| hex::decode(hex).unwrap())).collect()
});

/// What is put where something was cut.
const PUT: [&[u8]; 8] = [b"", b"\n", b"\n\n", b" ", b"0", b"A", b"=", b"\xff"];

fn as_text<T: FromStr + Display>(bytes: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(bytes).ok()?.parse::<T>().ok().map(|read| read.to_string().into_bytes())
}

/// What is written of these bytes again, by each format that takes them for its own.
fn written_again(bytes: &[u8]) -> Vec<Vec<u8>> {
    let entries = |width| entries_from_bytes(bytes, width).ok().map(|entries| entries_to_bytes(&entries).unwrap());
    let read = [
        as_text::<VerifierKey>(bytes),
        as_text::<Signature>(bytes),
        as_text::<Checkpoint>(bytes),
        as_text::<Tile>(bytes),
        as_text::<Hash>(bytes),
        Note::parse(bytes).ok().map(|note| note.to_string().into_bytes()),
        TlogProof::parse(bytes).ok().map(|proof| proof.to_string().into_bytes()),
        Leaf::parse(bytes).ok().map(|leaf| leaf.to_bytes().unwrap()),
        Frontier::from_bytes(bytes).ok().map(|frontier| frontier.to_bytes()),
        hashes_from_bytes(bytes, 2).ok().map(|hashes| hashes_to_bytes(&hashes)),
    ];
    read.into_iter().flatten().chain([1, 2, 3].into_iter().filter_map(entries)).collect()
}

#[test]
fn each_sample_is_taken_for_something() {
    for sample in SAMPLES.iter() {
        // Two of the notes' texts are texts alone.
        let is_text = !written_again(sample).is_empty() || sample.ends_with(b"\n");
        assert!(is_text, "{}", String::from_utf8_lossy(sample));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_was_cut_and_pasted_is_refused_or_written_again(
        sample in any::<Index>(), other in any::<Index>(), cut in any::<(Index, Index, Index)>(),
        put in select(&PUT[..]), is_pasted: bool,
    ) {
        let (sample, other) = (sample.get(&SAMPLES), other.get(&SAMPLES));
        let from = cut.0.index(sample.len() + 1);
        let to = (from + cut.1.index(3)).min(sample.len());
        let pasted = if is_pasted { &other[cut.2.index(other.len())..] } else { &sample[to..] };
        let changed = [&sample[..from], put, pasted].concat();
        for again in written_again(&changed) {
            prop_assert_eq!(&again, &changed);
        }
    }

    #[test]
    fn whatever_it_is_reading_it_ends(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for again in written_again(&bytes) {
            prop_assert_eq!(&again, &bytes);
        }
    }
}
