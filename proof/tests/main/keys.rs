//! Verifier keys: those of the examples of the specification and of Go's package, and everything that is none.

use crate::support::seed;
use proof::cosignature::Cosigner;
use proof::keys::{KeyKind, KeyNameError, Seed, VerifierKey, VkeyError};
use proof::note::Signer;

pub const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
pub const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
pub const FOO: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// Of Go's examples: `PRIVATE+KEY+PeterNeumann+c74f20a3+AYEK…`.
pub const PETERS_SEED: &str = "810a1402d5146c8d84f2443330f5408\
                               0ebf98ee17d9c74f6252fc5d5c7283173";

fn key(text: &str) -> Result<VerifierKey, VkeyError> {
    text.parse()
}

#[test]
fn the_examples_are_keys() {
    for text in [PETER, ENOCH, FOO] {
        let key = key(text).unwrap();
        assert_eq!(key.to_string(), text);
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(Some(key.name().as_str()), text.split('+').next());
        assert_eq!(Some(key.id().to_string().as_str()), text.split('+').nth(1));
    }
}

/// Of a witness that is in use, and so of the kind that cosigns.
#[test]
fn a_witnesss_key_is_one() {
    let remora = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key = key(remora).unwrap();
    assert_eq!((key.kind(), key.to_string().as_str()), (KeyKind::Cosignature, remora));
}

/// As Go's package tests it: no part of a key is one, and none with a character changed.
#[test]
fn no_part_of_a_key_is_one() {
    for from in 0..PETER.len() {
        for to in from + 1..=PETER.len() {
            let part = &PETER[from..to];
            assert!(part == PETER || key(part).is_err(), "{part}");
        }
        let mut changed = PETER.as_bytes().to_vec();
        changed[from] += 1;
        let changed = String::from_utf8(changed).unwrap();
        assert!(key(&changed).is_err(), "{changed}");
    }
}

#[test]
fn what_is_wrong_with_a_key_is_named() {
    let peter = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    for (text, refused) in [
        (String::new(), VkeyError::Shape),
        ("PeterNeumann".into(), VkeyError::Shape),
        ("PeterNeumann+c74f20a3".into(), VkeyError::Shape),
        (format!("+c74f20a3+{peter}"), VkeyError::Name(KeyNameError::Empty)),
        (format!("Peter\u{a0}Neumann+c74f20a3+{peter}"), VkeyError::Name(KeyNameError::Character('\u{a0}'))),
        (format!("PeterNeumann+C74F20A3+{peter}"), VkeyError::Id),
        (format!("PeterNeumann+c74f20a+{peter}"), VkeyError::Id),
        (format!("PeterNeumann+c74f20a300+{peter}"), VkeyError::Id),
        (format!("PeterNeumann+c74f20a3+{peter}\n"), VkeyError::Base64),
        (format!("PeterNeumann+c74f20a3+{peter}+"), VkeyError::Base64),
        ("PeterNeumann+c74f20a3+".into(), VkeyError::Shape),
        // Of Go's tests, both with the id that belongs to them.
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==".into(), VkeyError::Base64),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".into(), VkeyError::Kind(0x65)),
        (format!("PeterNeumann+c74f20a3+{}AAAA", peter), VkeyError::Length(35)),
    ] {
        assert_eq!(key(&text), Err(refused), "{text}");
    }
    let other = key(&PETER.replace("c74f20a3", "c74f20a4")).expect_err("another id");
    assert!(
        matches!(other, VkeyError::OtherId { said, actual } if said.0 == [0xc7, 0x4f, 0x20, 0xa4] && actual.0[3] == 0xa3)
    );
    // Under another name, or for another kind of signature, it is another key.
    assert!(matches!(key(&PETER.replace("Peter", "Gustav")), Err(VkeyError::OtherId { .. })));
    assert!(matches!(key(&PETER.replace("+AR", "+BB")), Err(VkeyError::OtherId { .. })));
}

#[test]
fn a_seed_gives_the_key_that_is_known() {
    let mut bytes: [u8; 32] = hex::decode(PETERS_SEED).unwrap().try_into().unwrap();
    let signer = Signer::new("PeterNeumann".parse().unwrap(), Seed::taken_from(&mut bytes));
    assert_eq!(signer.verifier_key().to_string(), PETER);
    assert_eq!(bytes, [0; 32], "the bytes are left where they were");
}

#[test]
fn one_seed_is_another_key_for_another_kind() {
    let signer = Signer::new("example.com/a".parse().unwrap(), seed(1));
    let cosigner = Cosigner::new("example.com/a".parse().unwrap(), seed(1));
    let (signs, cosigns) = (signer.verifier_key(), cosigner.verifier_key());
    assert_eq!((signs.kind(), cosigns.kind()), (KeyKind::Ed25519, KeyKind::Cosignature));
    assert_eq!(signs.public_key(), cosigns.public_key());
    assert_ne!(signs.id(), cosigns.id());
    for key in [signs, cosigns] {
        assert_eq!(key.to_string().parse().as_ref(), Ok(key));
    }
}

#[test]
fn a_seed_is_wiped_once_it_is_dropped() {
    fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
    is_wiped::<Seed>();
}

#[test]
fn a_seed_is_in_no_text() {
    let signer = Signer::new("example.com/a".parse().unwrap(), seed(0xab));
    let text = format!("{:?} {signer:?}", seed(0xab));
    assert!(text.contains("Seed(..)") && !text.contains("171") && !text.to_lowercase().contains("abab"), "{text}");
}
