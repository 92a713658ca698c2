//! A proof as a file: its text, and that nothing in it may change.

use crate::support::{Log, leaf, record, seed, signer};
use proof::checkpoint::{Checkpoint, CheckpointError, Policy};
use proof::cosignature::Cosigner;
use proof::hash::HashError;
use proof::note::{Note, NoteError, OpenError};
use proof::tlog_proof::{MAX_EXTRA_BYTES, MAX_PROOF_BYTES, TlogProof, TlogProofError, TlogProofTextError};
use proof::tree::{MAX_INCLUSION_HASHES, ProofError, inclusion_proof};

const ORIGIN: &str = "example.com/log";

fn checkpoint(size: u64) -> Note {
    let checkpoint = Checkpoint::new(ORIGIN, size, Log::of(size).frontier.root(), vec![]).unwrap();
    checkpoint.sign(&signer(ORIGIN, 1)).unwrap()
}

/// That `record(index)` is in the log of that size.
pub fn proof(index: u64, size: u64) -> TlogProof {
    let hashes = inclusion_proof(&Log::of(size).nodes, index, size).unwrap();
    TlogProof::new(index, hashes, checkpoint(size)).unwrap()
}

pub fn policy() -> Policy {
    Policy::new(ORIGIN, signer(ORIGIN, 1).verifier_key().clone())
}

fn parse(text: &str) -> Result<TlogProof, TlogProofTextError> {
    TlogProof::parse(text.as_bytes())
}

#[test]
fn a_file_is_index_hashes_and_checkpoint() {
    let proof = proof(2, 5);
    let hashes = proof.hashes();
    let expected =
        format!("c2sp.org/tlog-proof@v1\nindex 2\n{}\n{}\n{}\n\n{}", hashes[0], hashes[1], hashes[2], checkpoint(5));
    assert_eq!(proof.to_string(), expected);
    assert_eq!(parse(&expected), Ok(proof.clone()));
    let with = proof.with_extra(b"age".to_vec()).unwrap();
    let expected = expected.replace("\nindex", "\nextra YWdl\nindex");
    assert_eq!(with.to_string(), expected);
    assert_eq!(parse(&expected).unwrap().unverified_extra(), Some(&b"age"[..]));
    assert_eq!(parse(&expected), Ok(with));
    let alone = self::proof(0, 1);
    assert_eq!(alone.to_string(), format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{}", checkpoint(1)));
    assert_eq!(parse(&alone.to_string()), Ok(alone));
}

#[test]
fn a_record_of_the_log_is_proved() {
    for (index, size) in [(0, 1), (2, 5), (4, 5), (99, 100)] {
        let vouched = proof(index, size).verify(&record(index), &policy()).unwrap();
        assert_eq!(vouched.checkpoint.size(), size);
    }
}

#[test]
fn anything_else_is_not() {
    let proof = proof(2, 5);
    let root = |refused| matches!(refused, Err(TlogProofError::Inclusion(ProofError::Root { .. })));
    assert!(root(proof.verify(&record(3), &policy())));
    assert!(root(proof.verify(b"", &policy())));
    let moved = TlogProof::new(3, proof.hashes().to_vec(), checkpoint(5)).unwrap();
    assert!(root(moved.verify(&record(2), &policy())));
    let later = TlogProof::new(2, proof.hashes().to_vec(), checkpoint(6)).unwrap();
    assert!(root(later.verify(&record(2), &policy())));
    let beyond = TlogProof::new(5, vec![], checkpoint(5)).unwrap();
    assert!(matches!(beyond.verify(&record(5), &policy()), Err(TlogProofError::Inclusion(ProofError::Range(_)))));
    let other = Policy::new("example.com/other", signer(ORIGIN, 1).verifier_key().clone());
    let refused = CheckpointError::Origin { found: ORIGIN.to_owned() };
    assert_eq!(proof.verify(&record(2), &other), Err(refused.into()));
    let other = Policy::new(ORIGIN, signer(ORIGIN, 2).verifier_key().clone());
    assert_eq!(proof.verify(&record(2), &other), Err(CheckpointError::from(OpenError::Unsigned).into()));
    let witness = Cosigner::new("witness.example/1".parse().unwrap(), seed(7)).verifier_key().clone();
    let seen = policy().with_witnesses(vec![witness], 1).unwrap();
    let refused = CheckpointError::Quorum { quorum: 1, found: 0 };
    assert_eq!(proof.verify(&record(2), &seen), Err(refused.into()));
}

#[test]
fn no_bit_of_a_file_may_change() {
    let file = proof(2, 5).to_string().into_bytes();
    for bit in 0..file.len() * 8 {
        let mut changed = file.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let verifies = TlogProof::parse(&changed).is_ok_and(|proof| proof.verify(&record(2), &policy()).is_ok());
        assert!(!verifies, "bit {bit}: {}", String::from_utf8_lossy(&changed));
    }
}

#[test]
fn what_is_no_file_is_refused() {
    use TlogProofTextError::*;
    let whole = proof(2, 5).to_string();
    let (first, note) = (proof(2, 5).hashes()[0].to_string(), checkpoint(5).to_string());
    let hash = |line| Hash { line, error: HashError };
    for (text, refused) in [
        (String::new(), NoCheckpoint),
        ("c2sp.org/tlog-proof@v1\nindex 2\n".into(), NoCheckpoint),
        (note.clone(), Begins),
        (whole.replace("@v1", "@v2"), Begins),
        (whole.replace("@v1", "@v1 "), Begins),
        (format!("\n{whole}"), Begins),
        (whole.replace("index 2\n", ""), Index),
        (whole.replace("index 2", "index 02"), Index),
        (whole.replace("index 2", "index +2"), Index),
        (whole.replace("index 2", "index  2"), Index),
        (whole.replace("index 2", "index 2 "), Index),
        (whole.replace("index 2", "index 18446744073709551616"), Index),
        (whole.replace("index 2", "index 2\nindex 2"), hash(1)),
        (whole.replace("index 2", "extra YWdl"), Index),
        (whole.replace("index 2", "extra YWdl\nextra YWdl\nindex 2"), Index),
        (whole.replace("index 2", "index 2\nextra YWdl"), hash(1)),
        (whole.replace("index 2", "extra \nindex 2"), Extra),
        (whole.replace("index 2", "extra YWd\nindex 2"), Extra),
        (whole.replace("index 2", "extra YWdl \nindex 2"), Extra),
        (whole.replace("index 2", "extraYWdl\nindex 2"), Index),
        (whole.replace(&first, &first[1..]), hash(1)),
        (whole.replace(&first, &format!("{first}\r")), hash(1)),
        (whole.replace(&first, &format!("{first}\nYWdl")), hash(2)),
        (whole.replace(&first, &format!(" {first}")), hash(1)),
        (
            whole.replace("index 2", &format!("index 2{}", format!("\n{first}").repeat(MAX_INCLUSION_HASHES))),
            TooManyHashes,
        ),
        (whole.trim_end().into(), Checkpoint(NoteError::NoSignature)),
        (format!("{whole}\n"), Checkpoint(NoteError::NoSignature)),
    ] {
        assert_eq!(parse(&text), Err(refused), "{text}");
    }
    assert_eq!(TlogProof::parse(b"c2sp.org/tlog-proof@v1\n\xff\n\n"), Err(NotText));
}

/// A blank line before the hashes makes them the first lines of the checkpoint, which nobody signed.
#[test]
fn a_hash_behind_a_blank_line_proves_nothing() {
    let moved = parse(&proof(2, 5).to_string().replace("index 2\n", "index 2\n\n")).unwrap();
    assert_eq!(moved.hashes(), []);
    let refused = moved.verify(&record(2), &policy()).expect_err("another text was signed");
    assert!(
        matches!(refused, TlogProofError::Checkpoint(CheckpointError::Open(OpenError::Forged { .. }))),
        "{refused}"
    );
}

#[test]
fn a_file_has_bounds() {
    let proof = proof(2, 5);
    let largest = proof.clone().with_extra(vec![7; MAX_EXTRA_BYTES]).unwrap();
    assert_eq!(parse(&largest.to_string()), Ok(largest));
    for length in [0, MAX_EXTRA_BYTES + 1] {
        assert_eq!(proof.clone().with_extra(vec![7; length]), Err(TlogProofTextError::Extra));
    }
    let text = proof.to_string().replace("index", &format!("extra {}\nindex", "AAAA".repeat(MAX_EXTRA_BYTES / 3 + 1)));
    assert_eq!(parse(&text), Err(TlogProofTextError::Extra));
    let wild = "x".repeat(MAX_PROOF_BYTES + 1);
    assert_eq!(parse(&wild), Err(TlogProofTextError::TooLong(MAX_PROOF_BYTES + 1)));
    let many = TlogProof::new(0, vec![leaf(0); MAX_INCLUSION_HASHES + 1], checkpoint(1));
    assert_eq!(many, Err(TlogProofTextError::TooManyHashes));
    let as_many = TlogProof::new(0, vec![leaf(0); MAX_INCLUSION_HASHES], checkpoint(1)).unwrap();
    assert_eq!(parse(&as_many.to_string()), Ok(as_many));
}
