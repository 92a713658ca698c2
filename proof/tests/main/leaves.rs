//! The record of an event: its text to the byte, and that it has one encoding.

use proof::leaf::{ContentHash, Fault, Leaf, LeafError, Line, MAX_LEAF_BYTES, MAX_STREAM_BYTES, MAX_TYPE_BYTES};
use proptest::prelude::*;
use std::num::NonZeroU64;

const TEXT: &str = "cartlog leaf v1\n\
    stream cart-0190f6a2-0000-7000-8000-000000000001\n\
    revision 4\n\
    id 0190f6a2-0000-7000-8000-00000000000a\n\
    type CartBilled\n\
    data b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\n\
    metadata 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n\
    store 0190f6a2-0000-7000-8000-0000000000ff\n\
    rank 17\n\
    number 3\n";

pub fn leaf() -> Leaf {
    Leaf {
        stream: "cart-0190f6a2-0000-7000-8000-000000000001".into(),
        revision: 4,
        id: "0190f6a2-0000-7000-8000-00000000000a".parse().unwrap(),
        event_type: "CartBilled".into(),
        data: ContentHash::of(b"hello world"),
        metadata: ContentHash::of(b"{}"),
        store: "0190f6a2-0000-7000-8000-0000000000ff".parse().unwrap(),
        rank: NonZeroU64::new(17).unwrap(),
        number: NonZeroU64::new(3),
    }
}

fn parse(text: &str) -> Result<Leaf, LeafError> {
    Leaf::parse(text.as_bytes())
}

#[test]
fn a_record_is_ten_lines_or_nine() {
    assert_eq!(String::from_utf8(leaf().to_bytes().unwrap()).unwrap(), TEXT);
    assert_eq!(parse(TEXT), Ok(leaf()));
    let without = TEXT.replace("number 3\n", "");
    assert_eq!(parse(&without), Ok(Leaf { number: None, ..leaf() }));
    assert_eq!(String::from_utf8(Leaf { number: None, ..leaf() }.to_bytes().unwrap()).unwrap(), without);
}

/// Each line that is changed is named, and what is wrong with it.
#[test]
fn what_is_no_record_is_refused_by_its_line() {
    let long_stream = "x".repeat(MAX_STREAM_BYTES + 1);
    let number = |from| Fault::Number { from };
    for (line, from, to, fault) in [
        (Line::Version, "cartlog leaf v1", "cartlog leaf v2", Fault::Missing),
        (Line::Version, "cartlog leaf v1", "cartlog leaf v1 ", Fault::Missing),
        (Line::Version, "cartlog leaf v1\n", "", Fault::Missing),
        (Line::Version, "cartlog leaf v1\n", "\ncartlog leaf v1\n", Fault::Missing),
        (Line::Stream, "stream cart", "Stream cart", Fault::Missing),
        (Line::Stream, "stream cart", "stream\tcart", Fault::Missing),
        (Line::Stream, "cart-0190f6a2-0000-7000-8000-000000000001", "", Fault::Empty),
        (
            Line::Stream,
            "cart-0190f6a2-0000-7000-8000-000000000001",
            &long_stream,
            Fault::TooLong { bytes: 201, most: 200 },
        ),
        (Line::Stream, "cart-", "ca\rrt-", Fault::Control('\r')),
        (Line::Stream, "cart-", "ca\u{85}rt-", Fault::Control('\u{85}')),
        (Line::Stream, "cart-", "ca\u{2028}rt-", Fault::Control('\u{2028}')),
        (Line::Stream, "cart-", "\0cart-", Fault::Control('\0')),
        (Line::Revision, "revision 4\n", "", Fault::Missing),
        (Line::Revision, "revision 4", "revision 04", number(0)),
        (Line::Revision, "revision 4", "revision +4", number(0)),
        (Line::Revision, "revision 4", "revision -4", number(0)),
        (Line::Revision, "revision 4", "revision  4", number(0)),
        (Line::Revision, "revision 4", "revision 4 ", number(0)),
        (Line::Revision, "revision 4", "revision ", number(0)),
        (Line::Revision, "revision 4", "revision 18446744073709551616", number(0)),
        (Line::Id, "00000000000a\n", "00000000000A\n", Fault::Uuid),
        (Line::Id, "id 0190f6a2-0000-7000-8000-00000000000a", "id 0190f6a20000700080000000000000aa", Fault::Uuid),
        (Line::Id, "id 0190f6a2-0000-7000-8000-00000000000a", "id {0190f6a2-0000-7000-8000-00000000000a}", Fault::Uuid),
        (Line::Id, "id 0", "id urn:uuid:0", Fault::Uuid),
        (Line::Type, "type CartBilled", "kind CartBilled", Fault::Missing),
        (Line::Type, "type CartBilled", "type ", Fault::Empty),
        (Line::Type, "CartBilled", "Cart\u{7f}Billed", Fault::Control('\u{7f}')),
        (Line::Data, "data b94d", "data B94D", Fault::Sha256),
        (Line::Data, "data b94d", "data b94", Fault::Sha256),
        (Line::Data, "data b94d", "data b94g", Fault::Sha256),
        (Line::Metadata, "metadata 4413", "metadata 441344", Fault::Sha256),
        (Line::Metadata, "metadata ", "data ", Fault::Missing),
        (Line::Store, "store 0", "store 1 ", Fault::Uuid),
        (Line::Rank, "rank 17", "rank 0", number(1)),
        (Line::Rank, "rank 17", "rank 017", number(1)),
        (Line::Rank, "rank 17\n", "", Fault::Missing),
        (Line::Number, "number 3", "number 0", number(1)),
        (Line::Number, "number 3", "number 3.0", number(1)),
        (Line::Number, "number 3\n", "number 3\u{661}\n", number(1)),
        (Line::Number, "number 3\n", "\n", Fault::Missing),
    ] {
        let changed = TEXT.replacen(from, to, 1);
        assert_ne!(changed, TEXT, "{from}");
        assert_eq!(parse(&changed), Err(LeafError::Line { line, fault }), "{changed}");
    }
}

#[test]
fn nothing_stands_around_a_record() {
    assert_eq!(parse(TEXT.trim_end()), Err(LeafError::Unended));
    assert_eq!(parse(&format!("{TEXT}\n")), Err(LeafError::Trailing));
    assert_eq!(parse(&format!("{TEXT}number 3\n")), Err(LeafError::Trailing));
    assert_eq!(parse(""), Err(LeafError::Line { line: Line::Version, fault: Fault::Missing }));
    assert!(parse(&TEXT.replace('\n', "\r\n")).is_err());
    assert_eq!(Leaf::parse(b"cartlog leaf v1\nstream \xff\n"), Err(LeafError::NotText));
    assert_eq!(parse(&"x".repeat(1_000)), Err(LeafError::TooLong(1_000)));
    for at in 0..TEXT.len() {
        assert!(parse(&TEXT[..at]).is_err() || TEXT[at..] == *"number 3\n", "cut at {at}");
    }
}

#[test]
fn an_event_whose_names_can_not_stand_in_a_line_has_no_record() {
    for (name, fault) in [
        ("", Fault::Empty),
        ("a\nb", Fault::Control('\n')),
        ("a\u{1b}", Fault::Control('\u{1b}')),
        ("a\u{2029}", Fault::Control('\u{2029}')),
    ] {
        let of_stream = Leaf { stream: name.into(), ..leaf() }.to_bytes();
        assert_eq!(of_stream, Err(LeafError::Line { line: Line::Stream, fault }));
        let of_type = Leaf { event_type: name.into(), ..leaf() }.to_bytes();
        assert_eq!(of_type, Err(LeafError::Line { line: Line::Type, fault }));
    }
    // Bytes are counted, not letters.
    let too_long = Leaf { event_type: "é".repeat(51), ..leaf() }.to_bytes();
    let fault = Fault::TooLong { bytes: 102, most: MAX_TYPE_BYTES };
    assert_eq!(too_long, Err(LeafError::Line { line: Line::Type, fault }));
    let too_long = Leaf { stream: "x".repeat(201), ..leaf() }.to_bytes();
    let fault = Fault::TooLong { bytes: 201, most: MAX_STREAM_BYTES };
    assert_eq!(too_long, Err(LeafError::Line { line: Line::Stream, fault }));
}

#[test]
fn the_longest_record_is_short() {
    let longest = Leaf {
        stream: "x".repeat(MAX_STREAM_BYTES),
        event_type: "y".repeat(MAX_TYPE_BYTES),
        revision: u64::MAX,
        rank: NonZeroU64::MAX,
        number: Some(NonZeroU64::MAX),
        ..leaf()
    };
    let bytes = longest.to_bytes().unwrap();
    assert_eq!(bytes.len(), 641);
    assert!(bytes.len() <= MAX_LEAF_BYTES);
    assert_eq!(Leaf::parse(&bytes), Ok(longest));
}

prop_compose! {
    fn any_leaf()(
        stream in "[^\\p{Cc}\u{2028}\u{2029}]{1,50}", event_type in "[^\\p{Cc}\u{2028}\u{2029}]{1,25}", revision in any::<u64>(),
        ids in any::<(u128, u128)>(), hashes in any::<([u8; 32], [u8; 32])>(), rank in 1..=u64::MAX, number in any::<u64>(),
    ) -> Leaf {
        Leaf {
            stream, revision, event_type,
            id: uuid::Uuid::from_u128(ids.0), store: uuid::Uuid::from_u128(ids.1),
            data: hashes.0.into(), metadata: hashes.1.into(),
            rank: NonZeroU64::new(rank).unwrap(), number: NonZeroU64::new(number % 4),
        }
    }
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(leaf in any_leaf()) {
        let bytes = leaf.to_bytes().unwrap();
        prop_assert_eq!(Leaf::parse(&bytes), Ok(leaf));
    }

    /// What is read of changed bytes is written as those very bytes: nothing is read in two ways.
    #[test]
    fn what_is_read_is_written_again(leaf in any_leaf(), at in any::<proptest::sample::Index>(), to in "[ -~]{0,2}|\n") {
        let mut text = String::from_utf8(leaf.to_bytes().unwrap()).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = *at.get(&places);
        let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        text.replace_range(at..end, &to);
        if let Ok(read) = parse(&text) {
            prop_assert_eq!(String::from_utf8(read.to_bytes().unwrap()).unwrap(), text);
        }
    }
}
