//! Checkpoints: their text, to the byte, and whose are believed.

use crate::support::{leaf, seed, signer};
use proof::checkpoint::{Checkpoint, CheckpointError, CheckpointTextError, Cosigned, Policy, PolicyError};
use proof::cosignature::Cosigner;
use proof::hash::empty_root;
use proof::note::{Note, OpenError};
use proptest::prelude::*;

const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const ORIGIN: &str = "example.com/log";

fn parse(text: &str) -> Result<Checkpoint, CheckpointTextError> {
    text.parse()
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 7, leaf(7), vec![]).unwrap()
}

fn witness(byte: u8) -> Cosigner {
    Cosigner::new(format!("witness.example/{byte}").parse().unwrap(), seed(byte))
}

/// Signed by the log, and seen by these.
fn note(by: &[u8]) -> Note {
    let note = checkpoint().sign(&signer(ORIGIN, 1)).unwrap();
    by.iter().fold(note, |note, byte| note.with(witness(*byte).cosign(&checkpoint(), 100).unwrap()).unwrap())
}

fn policy() -> Policy {
    Policy::new(ORIGIN, signer(ORIGIN, 1).verifier_key().clone())
}

fn witnesses(bytes: impl IntoIterator<Item = u8>) -> Vec<proof::keys::VerifierKey> {
    bytes.into_iter().map(|byte| witness(byte).verifier_key().clone()).collect()
}

#[test]
fn the_specifications_example_is_read_and_written() {
    let checkpoint = parse(EXAMPLE).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.root().to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_eq!(checkpoint.to_string(), EXAMPLE);
    let empty = EXAMPLE
        .replace("20852163", "0")
        .replace("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", &empty_root().to_string());
    assert_eq!(parse(&empty).unwrap().to_string(), empty);
    let extended = parse(&format!("{EXAMPLE}one\ntwo words\n")).unwrap();
    assert_eq!(extended.extensions(), ["one", "two words"]);
    assert_eq!(extended.to_string(), format!("{EXAMPLE}one\ntwo words\n"));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    use CheckpointTextError::*;
    for (text, refused) in [
        (String::new(), Shape),
        ("\n".into(), Shape),
        ("a\n1\n".into(), Shape),
        (EXAMPLE.trim_end().into(), Shape),
        (EXAMPLE.replace("example.com/behind-the-sofa", ""), Empty { line: 1 }),
        (format!("\n{EXAMPLE}"), Size),
        (EXAMPLE.replace("20852163", ""), Size),
        (EXAMPLE.replace("20852163", "020852163"), Size),
        (EXAMPLE.replace("20852163", "+20852163"), Size),
        (EXAMPLE.replace("20852163", "-1"), Size),
        (EXAMPLE.replace("20852163", " 20852163"), Size),
        (EXAMPLE.replace("20852163", "20852163 "), Size),
        (EXAMPLE.replace("20852163", "0x1"), Size),
        (EXAMPLE.replace("20852163", "18446744073709551616"), Size),
        (EXAMPLE.replace("20852163", "0"), EmptyRoot),
        (EXAMPLE.replace("q2I=", "q2I"), Root(proof::hash::HashError)),
        (EXAMPLE.replace("q2I=", "q2J="), Root(proof::hash::HashError)),
        (EXAMPLE.replace("q2I=", "q2I=A"), Root(proof::hash::HashError)),
        (EXAMPLE.replace("CsUYapGG", "CsUY"), Root(proof::hash::HashError)),
        (EXAMPLE.replace("Xajj", "Xajjj"), Root(proof::hash::HashError)),
        (EXAMPLE.replace("Xajj7h2f", "Xajj_h2f"), Root(proof::hash::HashError)),
        (format!("{EXAMPLE}\n"), Empty { line: 4 }),
        (format!("{EXAMPLE}one\n\n"), Empty { line: 5 }),
        (format!("{EXAMPLE}one\n\ntwo\n"), Empty { line: 5 }),
        (format!("{EXAMPLE}one"), Shape),
        (format!("{EXAMPLE}o\rne\n"), Control { line: 4, char: '\r' }),
    ] {
        assert_eq!(parse(&text), Err(refused), "{text:?}");
    }
    let new = |origin: &str, extension: &str| Checkpoint::new(origin, 1, leaf(0), vec![extension.to_owned()]);
    assert_eq!(new("", "x"), Err(Empty { line: 1 }));
    assert_eq!(new("a\nb", "x"), Err(Control { line: 1, char: '\n' }));
    assert_eq!(new("a", ""), Err(Empty { line: 4 }));
    assert_eq!(new("a", "x\n"), Err(Control { line: 4, char: '\n' }));
}

#[test]
fn a_checkpoint_by_its_log_is_opened() {
    let vouched = policy().open(note(&[]).to_string().as_bytes()).unwrap();
    assert_eq!((vouched.checkpoint, vouched.cosigned), (checkpoint(), vec![]));
}

#[test]
fn a_checkpoint_by_anybody_else_is_refused() {
    let published = note(&[2]);
    // Of another log, though by the same key.
    let other = Policy::new("example.com/other", signer(ORIGIN, 1).verifier_key().clone());
    assert_eq!(other.check(&published), Err(CheckpointError::Origin { found: ORIGIN.to_owned() }));
    // By another key of the same name, and by the same key under another name.
    for other in [signer(ORIGIN, 9), signer("example.com/other", 1)] {
        let policy = Policy::new(ORIGIN, other.verifier_key().clone());
        assert_eq!(policy.check(&published), Err(OpenError::Unsigned.into()));
    }
    // By its witnesses alone.
    let policy = policy().with_witnesses(witnesses([2]), 1).unwrap();
    let lines = published.to_string().replace("— example.com/log ", "— example.com/lag ");
    let without = CheckpointError::NotByTheLog(ORIGIN.parse().unwrap());
    assert_eq!(policy.open(lines.as_bytes()), Err(without));
    // Signed, but no checkpoint; and no note.
    let text = "example.com/log\n07\n";
    let signer = signer(ORIGIN, 1);
    let no_checkpoint = Note::new(text, vec![signer.sign(text).unwrap()]).unwrap();
    assert_eq!(policy.check(&no_checkpoint), Err(CheckpointTextError::Shape.into()));
    assert!(matches!(policy.open(b"example.com/log\n"), Err(CheckpointError::Note(_))));
}

#[test]
fn as_many_witnesses_have_to_have_seen_it_as_the_policy_says() {
    let ask = |quorum| policy().with_witnesses(witnesses(2..5), quorum).unwrap();
    for (by, quorum, is_enough) in [
        (&[][..], 0, true),
        (&[2], 1, true),
        (&[2], 2, false),
        (&[4, 2], 2, true),
        (&[2, 9, 8], 2, false),
        (&[], 1, false),
    ] {
        match ask(quorum).check(&note(by)) {
            Ok(vouched) => {
                assert!(is_enough, "{by:?} of {quorum}");
                let known = by.iter().filter(|byte| (2..5).contains(*byte));
                let expected =
                    known.map(|byte| Cosigned { by: format!("witness.example/{byte}").parse().unwrap(), at: 100 });
                assert_eq!(vouched.cosigned, expected.collect::<Vec<_>>());
            }
            Err(error) => {
                let found = by.iter().filter(|byte| (2..5).contains(*byte)).count();
                assert!(
                    !is_enough && error == CheckpointError::Quorum { quorum, found },
                    "{by:?} of {quorum}: {error}"
                );
            }
        }
    }
    // A known witness that did not sign spoils the whole, though the others would be enough.
    let forged = note(&[2, 3]).with(witness(4).cosign(&parse(EXAMPLE).unwrap(), 100).unwrap()).unwrap();
    assert!(matches!(ask(2).check(&forged), Err(CheckpointError::Open(OpenError::Forged { .. }))));
}

/// A log may sign as cosigners do; it is no witness of itself all the same.
#[test]
fn a_log_is_not_its_own_witness() {
    let log = Cosigner::new(ORIGIN.parse().unwrap(), seed(1));
    let own = Note::new(&checkpoint().to_string(), vec![log.cosign(&checkpoint(), 50).unwrap()]).unwrap();
    let policy = Policy::new(ORIGIN, log.verifier_key().clone());
    assert_eq!(policy.check(&own).unwrap().cosigned, []);
    let seen = policy.with_witnesses(witnesses([2]), 1).unwrap();
    assert_eq!(seen.check(&own), Err(CheckpointError::Quorum { quorum: 1, found: 0 }));
    let both = own.with(witness(2).cosign(&checkpoint(), 100).unwrap()).unwrap();
    assert_eq!(seen.check(&both).unwrap().cosigned.len(), 1);
}

#[test]
fn a_policy_that_means_nothing_is_refused() {
    let with = |keys, quorum| policy().with_witnesses(keys, quorum).map(|_| ());
    assert_eq!(with(witnesses([2, 3]), 3), Err(PolicyError::Quorum { quorum: 3, known: 2 }));
    let name = |name: &str| name.parse().unwrap();
    let twice = Cosigner::new(name("witness.example/again"), seed(2)).verifier_key().clone();
    let same = PolicyError::SameKey(name("witness.example/again"));
    assert_eq!(with([witnesses([2]), vec![twice]].concat(), 2), Err(same));
    let log = Cosigner::new(name("witness.example/log"), seed(1)).verifier_key().clone();
    assert_eq!(with(vec![log], 1), Err(PolicyError::SameKey(name("witness.example/log"))));
    let no_witness = signer("example.com/a", 7).verifier_key().clone();
    assert_eq!(with(vec![no_witness], 1), Err(PolicyError::NotAWitness(name("example.com/a"))));
}

proptest! {
    #[test]
    fn what_is_read_is_written_again(
        origin in "[ab]{0,2}", size in "0|7|07|18446744073709551615", extensions in "([xy]{0,2}\n){0,3}",
    ) {
        let text = format!("{origin}\n{size}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n{extensions}");
        if let Ok(checkpoint) = parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }
}
