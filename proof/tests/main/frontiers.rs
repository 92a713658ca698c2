//! The right edge of a tree: kept, read back, and refused where it was damaged.

use crate::support::{Log, leaf};
use proof::tree::{Frontier, FrontierError};

fn of(size: u64) -> Frontier {
    Log::of(size).frontier
}

#[test]
fn what_was_saved_is_read_back_and_goes_on() {
    let mut frontier = Frontier::new();
    for size in 0..=300 {
        assert_eq!(frontier.size(), size);
        let mut read = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
        assert_eq!(read, frontier, "{size}");
        read.append(leaf(size));
        frontier.append(leaf(size));
        assert_eq!(read.root(), frontier.root(), "after {size}");
    }
}

#[test]
fn it_stays_small() {
    let mut frontier = Frontier::new();
    for size in 1u64..=1000 {
        frontier.append(leaf(size));
        let hashes = size.count_ones() as usize + 1;
        assert_eq!(frontier.to_bytes().len(), 1 + 8 + hashes * 32, "{size}");
    }
}

#[test]
fn no_changed_bit_is_taken_for_what_was_saved() {
    for size in [0, 1, 6, 7, 255] {
        let bytes = of(size).to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            Frontier::from_bytes(&changed).expect_err(&format!("bit {bit} of {size}"));
        }
    }
    // As many bits of the size are set as before.
    let mut changed = of(5).to_bytes();
    changed[8] = 6;
    assert_eq!(Frontier::from_bytes(&changed), Err(FrontierError::Damaged));
}

#[test]
fn other_bytes_are_refused() {
    let bytes = of(6).to_bytes();
    for cut in 0..9 {
        assert_eq!(Frontier::from_bytes(&bytes[..cut]), Err(FrontierError::Short(cut)));
    }
    for cut in 9..bytes.len() {
        let refused = FrontierError::Length { expected: bytes.len(), found: cut };
        assert_eq!(Frontier::from_bytes(&bytes[..cut]), Err(refused));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(Frontier::from_bytes(&longer), Err(FrontierError::Length { .. })));
    let newer = [&[2], &bytes[1..]].concat();
    assert_eq!(Frontier::from_bytes(&newer), Err(FrontierError::Version(2)));
    let larger = [&[1], &(1u64 << 63).to_be_bytes()[..], &bytes[9..]].concat();
    assert_eq!(Frontier::from_bytes(&larger), Err(FrontierError::Size(1 << 63)));
}
