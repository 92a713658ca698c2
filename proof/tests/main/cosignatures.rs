//! Cosignatures: what is signed, to the byte, and that a time which was changed is noticed.

use crate::support::{leaf, seed, signer};
use proof::checkpoint::Checkpoint;
use proof::cosignature::{Cosigner, TimeError};
use proof::keys::VerifierKey;
use proof::note::{Note, OpenError, Signature, Statement};
use ring::signature::{ED25519, UnparsedPublicKey};

const AT: u64 = 1_679_315_147;

fn cosigner() -> Cosigner {
    Cosigner::new("witness.example.com/w1".parse().unwrap(), seed(2))
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new("example.com/behind-the-sofa", 20_852_163, leaf(0), vec![]).unwrap()
}

fn note(signature: Signature) -> Note {
    let log = signer("example.com/behind-the-sofa", 1);
    checkpoint().sign(&log).unwrap().with(signature).unwrap()
}

/// The signature with other bytes behind the key's id.
fn changed(signature: &Signature, change: impl Fn(&mut Vec<u8>)) -> Signature {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let mut bytes = signature.bytes().to_vec();
    change(&mut bytes);
    let base64 = BASE64_STANDARD.encode([&signature.id().0[..], &bytes].concat());
    format!("— {} {base64}", signature.name()).parse().unwrap()
}

#[test]
fn a_cosignature_is_a_time_and_a_signature_over_it_and_the_text() {
    let cosigner = cosigner();
    let signature = cosigner.cosign(&checkpoint(), AT).unwrap();
    assert_eq!(signature.bytes().len(), 8 + 64);
    assert_eq!(signature.bytes()[..8], AT.to_be_bytes());
    let message = format!("cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n{}\n", leaf(0));
    let key = UnparsedPublicKey::new(&ED25519, cosigner.verifier_key().public_key());
    key.verify(message.as_bytes(), &signature.bytes()[8..]).unwrap();
}

#[test]
fn it_says_when_the_text_was_seen() {
    let cosigner = cosigner();
    for at in [0, AT, i64::MAX as u64] {
        let note = note(cosigner.cosign(&checkpoint(), at).unwrap());
        let opened = note.open(&[cosigner.verifier_key()]).unwrap();
        assert_eq!(opened.signed_by[0].statement, Statement::Cosigned { at });
    }
    let late = i64::MAX as u64 + 1;
    assert_eq!(cosigner.cosign(&checkpoint(), late), Err(TimeError(late)));
}

#[test]
fn no_bit_of_a_cosignature_may_change() {
    let (cosigner, log) = (cosigner(), signer("example.com/behind-the-sofa", 1));
    let keys = [log.verifier_key(), cosigner.verifier_key()];
    let signature = cosigner.cosign(&checkpoint(), AT).unwrap();
    let forged = OpenError::Forged { name: signature.name().clone(), id: signature.id() };
    for bit in 0..72 * 8 {
        let changed = changed(&signature, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert_eq!(note(changed).open(&keys), Err(forged.clone()), "bit {bit}");
    }
    for length in [1, 7, 8, 64, 71] {
        let changed = changed(&signature, |bytes| bytes.truncate(length));
        assert_eq!(note(changed).open(&keys), Err(forged.clone()), "{length} bytes");
    }
    let longer = changed(&signature, |bytes| bytes.push(0));
    assert_eq!(note(longer).open(&keys), Err(forged.clone()));
    let of_another = cosigner.cosign(&Checkpoint::new("example.com/b", 1, leaf(0), vec![]).unwrap(), AT).unwrap();
    assert_eq!(note(of_another).open(&keys), Err(forged));
}

/// A time beyond 63 bits is refused though its signature holds: the specification forbids it.
#[test]
fn a_time_that_may_not_be_is_refused_though_it_is_signed() {
    let cosigner = cosigner();
    let late = i64::MAX as u64 + 1;
    let message = format!("cosignature/v1\ntime {late}\n{}", checkpoint());
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap();
    let signature = cosigner.cosign(&checkpoint(), AT).unwrap();
    let late = changed(&signature, |bytes| {
        *bytes = [&late.to_be_bytes()[..], pair.sign(message.as_bytes()).as_ref()].concat();
    });
    assert!(matches!(note(late).open(&[cosigner.verifier_key()]), Err(OpenError::Forged { .. })));
}

/// The same secret under both kinds: a signature of one kind is none of the other.
#[test]
fn a_signature_is_no_cosignature() {
    let (signer, cosigner) = (signer("example.com/a", 2), Cosigner::new("example.com/a".parse().unwrap(), seed(2)));
    let both: [&VerifierKey; 2] = [signer.verifier_key(), cosigner.verifier_key()];
    let note = checkpoint().sign(&signer).unwrap();
    let opened = note.open(&both).unwrap();
    assert_eq!(opened.signed_by.iter().map(|signed| signed.statement).collect::<Vec<_>>(), [Statement::Signed]);
    assert_eq!(note.open(&[cosigner.verifier_key()]), Err(OpenError::Unsigned));
}
