//! Notes: those of the specification and of Go's package, and everything that is none.

use crate::keys::{ENOCH, FOO, PETER, PETERS_SEED};
use crate::support::signer;
use proof::keys::{KeyNameError, Seed, VerifierKey};
use proof::note::{
    MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, OpenError, Signature, SignatureError, Signer, Statement,
};
use proptest::prelude::*;

const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETERS: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCHS: &str =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
const FOOS: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

fn parse(text: &str) -> Result<Note, NoteError> {
    Note::parse(text.as_bytes())
}

/// Who signed it, of those.
fn open(text: &str, keys: &[&VerifierKey]) -> Result<Vec<String>, OpenError> {
    let note = parse(text).unwrap();
    let opened = note.open(keys)?;
    assert!(opened.signed_by.iter().all(|signed| signed.statement == Statement::Signed));
    Ok(opened.signed_by.iter().map(|signed| signed.key.name().to_string()).collect())
}

fn peter() -> Signer {
    let mut bytes: [u8; 32] = hex::decode(PETERS_SEED).unwrap().try_into().unwrap();
    Signer::new("PeterNeumann".parse().unwrap(), Seed::taken_from(&mut bytes))
}

#[test]
fn the_examples_are_opened() {
    let (peter, enoch, foo) = (key(PETER), key(ENOCH), key(FOO));
    assert_eq!(open(FOOS, &[&foo]), Ok(vec!["example.com/foo".into()]));
    assert_eq!(parse(FOOS).unwrap().open(&[&foo]).unwrap().text, "This is an example message.\n");
    let both = format!("{TEXT}\n{PETERS}{ENOCHS}");
    assert_eq!(open(&both, &[&peter, &enoch]), Ok(vec!["PeterNeumann".into(), "EnochRoot".into()]));
    assert_eq!(parse(&both).unwrap().open(&[&peter]).unwrap().text, TEXT);
}

#[test]
fn signatures_by_unknown_keys_are_passed_over() {
    let (peter, enoch, foo) = (key(PETER), key(ENOCH), key(FOO));
    let both = format!("{TEXT}\n{PETERS}{ENOCHS}");
    assert_eq!(open(&both, &[&enoch]), Ok(vec!["EnochRoot".into()]));
    assert_eq!(open(&both, &[&foo, &peter]), Ok(vec!["PeterNeumann".into()]));
    assert_eq!(open(&both, &[&foo]), Err(OpenError::Unsigned));
    assert_eq!(open(&both, &[]), Err(OpenError::Unsigned));
    // Twice, of a key that shares its name alone, or its id alone, and of a kind that nobody knows.
    let others = format!("{ENOCHS}{ENOCHS}— PeterNeumann AAAAAAA=\n— Gustav x08gowA=\n");
    assert_eq!(open(&format!("{TEXT}\n{others}{PETERS}"), &[&peter]), Ok(vec!["PeterNeumann".into()]));
}

#[test]
fn what_a_known_key_did_not_sign_is_refused() {
    let (peter, enoch) = (key(PETER), key(ENOCH));
    let forged = |name: &str, key: &VerifierKey| OpenError::Forged { name: name.parse().unwrap(), id: key.id() };
    let of_peter = Err(forged("PeterNeumann", &peter));
    let changed = TEXT.replace("answer", "answerz");
    assert_eq!(open(&format!("{changed}\n{PETERS}"), &[&peter]), of_peter);
    // Also where another's signature holds.
    let longer = PETERS.replace("UG/Sffc", "UG/ABCDSffc");
    assert_eq!(open(&format!("{TEXT}\n{ENOCHS}{longer}"), &[&peter, &enoch]), of_peter);
    assert_eq!(open(&format!("{TEXT}\n{ENOCHS}— PeterNeumann x08gowA=\n"), &[&peter, &enoch]), of_peter);
    let twice = OpenError::Twice { name: "PeterNeumann".parse().unwrap(), id: peter.id() };
    assert_eq!(open(&format!("{TEXT}\n{PETERS}{ENOCHS}{PETERS}"), &[&peter]), Err(twice));
}

#[test]
fn keys_that_can_not_be_told_apart_are_refused_once_it_matters() {
    let (peter, enoch) = (key(PETER), key(ENOCH));
    let ambiguous = OpenError::Ambiguous { name: "EnochRoot".parse().unwrap(), id: enoch.id() };
    assert_eq!(open(&format!("{TEXT}\n{ENOCHS}"), &[&enoch, &peter, &enoch]), Err(ambiguous));
    assert_eq!(open(&format!("{TEXT}\n{PETERS}"), &[&enoch, &peter, &enoch]), Ok(vec!["PeterNeumann".into()]));
}

#[test]
fn no_bit_of_a_signed_text_or_its_signature_may_change() {
    let peter = key(PETER);
    let note = format!("{TEXT}\n{PETERS}").into_bytes();
    assert!(Note::parse(&note).unwrap().open(&[&peter]).is_ok());
    for bit in 0..note.len() * 8 {
        let mut changed = note.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let opens = Note::parse(&changed).is_ok_and(|note| note.open(&[&peter]).is_ok());
        assert!(!opens, "bit {bit}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let line = |error| NoteError::Signature { line: 1, error };
    let whole = format!("{TEXT}\n{PETERS}");
    for (note, refused) in [
        (String::new(), NoteError::NoBlankLine),
        (TEXT.into(), NoteError::NoBlankLine),
        (format!("{TEXT}{PETERS}"), NoteError::NoBlankLine),
        (format!("{TEXT}\n"), NoteError::NoSignature),
        (whole[..whole.len() - 1].into(), NoteError::NoSignature),
        (format!("{whole}\n"), NoteError::NoSignature),
        (format!("\u{1}{whole}"), NoteError::Control('\u{1}')),
        (whole.replace('\n', "\r\n"), NoteError::Control('\r')),
        (whole.replace("you ", "you\t"), NoteError::Control('\t')),
        (format!("{whole}Unexpected line.\n"), NoteError::Signature { line: 2, error: SignatureError::Shape }),
        (format!("{TEXT}\nUnexpected line.\n{PETERS}"), line(SignatureError::Shape)),
        (whole.replace("— ", "- "), line(SignatureError::Shape)),
        (whole.replace("— ", "—"), line(SignatureError::Shape)),
        (whole.replace("— ", "— \u{a0}"), line(SignatureError::Name(KeyNameError::Character('\u{a0}')))),
        (whole.replace("PeterNeumann", "Peter+Neumann"), line(SignatureError::Name(KeyNameError::Character('+')))),
        (
            whole.replace("PeterNeumann", "Peter\u{2003}N"),
            line(SignatureError::Name(KeyNameError::Character('\u{2003}'))),
        ),
        (whole.replace("PeterNeumann", ""), line(SignatureError::Name(KeyNameError::Empty))),
        (whole.replace("PeterNeumann", "Peter Neumann"), line(SignatureError::Base64)),
        (whole.replace("nAM=", "nAM"), line(SignatureError::Base64)),
        (whole.replace("nAM=", "nAN="), line(SignatureError::Base64)),
        (whole.replace("nAM=", "nAM= "), line(SignatureError::Base64)),
        (whole.replace('/', "_"), line(SignatureError::Base64)),
        (format!("{TEXT}\n— PeterNeumann\n"), line(SignatureError::Shape)),
        (format!("{TEXT}\n— PeterNeumann \n"), line(SignatureError::Short)),
        (format!("{TEXT}\n— PeterNeumann x08gow==\n"), line(SignatureError::Short)),
    ] {
        assert_eq!(parse(&note), Err(refused), "{note}");
    }
    assert_eq!(Note::parse(&[b"\xff", whole.as_bytes()].concat()), Err(NoteError::NotText));
}

#[test]
fn what_can_not_be_signed_is_refused() {
    let (signer, signature) = (peter(), PETERS.trim_end().parse::<Signature>().unwrap());
    for (text, refused) in [
        ("", NoteError::TextUnended),
        ("no newline", NoteError::TextUnended),
        ("a tab\t\n", NoteError::Control('\t')),
        ("\0\n", NoteError::Control('\0')),
    ] {
        assert_eq!(signer.sign(text), Err(refused));
        assert_eq!(Note::new(text, vec![signature.clone()]), Err(refused));
    }
    assert_eq!(Note::new(TEXT, vec![]), Err(NoteError::NoSignature));
}

#[test]
fn a_note_has_bounds() {
    let line = "— a AAAAAAA=\n";
    let note = |count| format!("{TEXT}\n{}", line.repeat(count));
    assert_eq!(parse(&note(MAX_SIGNATURES)).unwrap().unverified_signatures().len(), MAX_SIGNATURES);
    assert_eq!(parse(&note(MAX_SIGNATURES + 1)), Err(NoteError::TooManySignatures));
    let signatures = parse(&note(MAX_SIGNATURES)).unwrap().unverified_signatures().to_vec();
    assert_eq!(Note::new(TEXT, [&signatures[..], &signatures[..1]].concat()), Err(NoteError::TooManySignatures));
    let longest = "x".repeat(MAX_NOTE_BYTES - line.len() - 2) + "\n";
    let note = Note::new(&longest, signatures[..1].to_vec()).unwrap();
    assert_eq!(note.to_string().len(), MAX_NOTE_BYTES);
    assert_eq!(parse(&note.to_string()), Ok(note));
    let longer = format!("x{longest}");
    let refused = NoteError::TooLong(MAX_NOTE_BYTES + 1);
    assert_eq!(Note::new(&longer, signatures[..1].to_vec()), Err(refused));
    assert_eq!(parse(&format!("{longer}\n{line}")), Err(refused));
}

#[test]
fn a_note_is_signed_as_others_sign_it() {
    let signature = peter().sign(TEXT).unwrap();
    assert_eq!(format!("{signature}\n"), PETERS);
    let note = Note::new(TEXT, vec![signature.clone()]).unwrap();
    assert_eq!(note.to_string(), format!("{TEXT}\n{PETERS}"));
    // Signing again adds nothing; another's signature comes behind.
    let again = note.with(signature).unwrap();
    assert_eq!(again.to_string(), format!("{TEXT}\n{PETERS}"));
    let both = again.with(ENOCHS.trim_end().parse().unwrap()).unwrap();
    assert_eq!(both.to_string(), format!("{TEXT}\n{PETERS}{ENOCHS}"));
}

proptest! {
    /// Texts with blank lines at every place, and signatures that look like text, are told apart.
    #[test]
    fn a_note_is_read_as_it_was_written(text in "([a— ]|\n){0,12}\n", count in 1usize..4) {
        let signers: Vec<Signer> = (0..count).map(|at| signer(&format!("example.com/{at}"), at as u8)).collect();
        let signatures = signers.iter().map(|signer| signer.sign(&text).unwrap()).collect();
        let note = Note::new(&text, signatures).unwrap();
        let read = parse(&note.to_string()).unwrap();
        prop_assert_eq!(&read, &note);
        let keys: Vec<&VerifierKey> = signers.iter().map(Signer::verifier_key).collect();
        let opened = read.open(&keys).unwrap();
        prop_assert_eq!(opened.text, &text);
        prop_assert_eq!(opened.signed_by.len(), count);
    }

    #[test]
    fn what_is_read_is_written_again(note in "([ab]|\n){0,6}\n\n(— (a|b) (AAAAAAA=|AAAAAAAA|AAAA|AAAAAAB=)\n){0,3}") {
        if let Ok(read) = parse(&note) {
            prop_assert_eq!(read.to_string(), note);
        }
    }
}
