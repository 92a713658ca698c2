//! Tiles: their paths, what stands in them, and which an append changes.

use proof::tiles::{
    EntriesError, Rows, Tile, TileError, TilePathError, changed, entries_from_bytes, entries_to_bytes,
    hashes_from_bytes,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn hashes(level: u8, index: u64, width: u16) -> Tile {
    Tile::new(Rows::Hashes { level }, index, width).unwrap()
}

fn entries(index: u64, width: u16) -> Tile {
    Tile::new(Rows::Entries, index, width).unwrap()
}

#[test]
fn a_tile_has_one_path() {
    for (tile, path) in [
        (hashes(0, 0, 256), "tile/0/000"),
        (hashes(0, 0, 1), "tile/0/000.p/1"),
        (hashes(63, 999, 255), "tile/63/999.p/255"),
        (hashes(1, 1_000, 256), "tile/1/x001/000"),
        (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (hashes(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
        (hashes(7, 1_000_000, 256), "tile/7/x001/x000/000"),
        (entries(0, 256), "tile/entries/000"),
        (entries(273, 112), "tile/entries/273.p/112"),
        (entries(u64::MAX, 255), "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"),
    ] {
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse(), Ok(tile));
    }
}

#[test]
fn a_path_that_is_no_tiles_is_refused() {
    use TilePathError::*;
    for (path, refused) in [
        ("", Shape),
        ("tile", Shape),
        ("tile/0", Shape),
        ("/tile/0/000", Shape),
        ("tiles/0/000", Shape),
        ("Tile/0/000", Shape),
        ("tile//000", Level),
        ("tile/64/000", Level),
        ("tile/00/000", Level),
        ("tile/01/000", Level),
        ("tile/-1/000", Level),
        ("tile/+1/000", Level),
        ("tile/data/000", Level),
        ("tile/Entries/000", Level),
        ("tile/8/0/000", Index),
        ("tile/0/", Index),
        ("tile/0/0", Index),
        ("tile/0/00", Index),
        ("tile/0/0000", Index),
        ("tile/0/001/", Index),
        ("tile/0//001", Index),
        ("tile/0/x001", Index),
        ("tile/0/x000/001", Index),
        ("tile/0/x000/x001/001", Index),
        ("tile/0/001/001", Index),
        ("tile/0/x01/001", Index),
        ("tile/0/x0001/001", Index),
        ("tile/0/xx01/001", Index),
        ("tile/0/X001/001", Index),
        ("tile/0/+01", Index),
        ("tile/0/ 01", Index),
        ("tile/0/٠٠١", Index),
        ("tile/0/../001", Index),
        ("tile/0/x018/x446/x744/x073/x709/x551/616", Index),
        ("tile/0/x001/x000/x000/x000/x000/x000/x000/000", Index),
        ("tile/0/000.p", Index),
        ("tile/0/000.P/1", Index),
        ("tile/0/000/p/1", Index),
        ("tile/0/000.p/", Width),
        ("tile/0/000.p/0", Width),
        ("tile/0/000.p/01", Width),
        ("tile/0/000.p/256", Width),
        ("tile/0/000.p/1/", Width),
        ("tile/0/000.p/1.p/1", Width),
        ("tile/0/000.p/+1", Width),
    ] {
        assert_eq!(path.parse::<Tile>(), Err(refused), "{path}");
    }
    let long = format!("tile/0/{}000", "x001/".repeat(20_000));
    assert_eq!(long.parse::<Tile>(), Err(TooLong(100_010)));
}

#[test]
fn what_no_tile_is() {
    assert_eq!(Tile::new(Rows::Hashes { level: 64 }, 0, 1), Err(TileError::Level(64)));
    for width in [0, 257, u16::MAX] {
        assert_eq!(Tile::new(Rows::Entries, 0, width), Err(TileError::Width(width)));
    }
}

/// What a tree of that size has, by the specification's own formulas.
fn all(size: u64) -> BTreeSet<Tile> {
    let level = |level: u8| {
        let complete = size / 256u64.pow(u32::from(level) + 1);
        let width = (size / 256u64.pow(level.into()) % 256) as u16;
        let partial = (width > 0).then(|| hashes(level, complete, width));
        (0..complete).map(move |index| hashes(level, index, 256)).chain(partial)
    };
    (0..7).flat_map(level).collect()
}

#[test]
fn a_tree_of_70_000_has_the_tiles_of_the_specifications_example() {
    let tiles: Vec<Tile> = changed(0, 70_000).collect();
    let complete = |level| (0..if level == 0 { 273 } else { 1 }).map(move |index| hashes(level, index, 256));
    let expected = complete(0).chain([hashes(0, 273, 112)]).chain(complete(1));
    let expected = expected.chain([hashes(1, 1, 17), hashes(2, 0, 1)]);
    assert_eq!(tiles, expected.collect::<Vec<_>>());
    assert_eq!(changed(0, 256).collect::<Vec<_>>(), [hashes(0, 0, 256), hashes(1, 0, 1)]);
    assert_eq!(changed(0, 0).count(), 0);
}

#[test]
fn the_largest_trees_have_tiles_too() {
    let tiles: Vec<String> = changed(u64::MAX - 1, u64::MAX).map(|tile| tile.to_string()).collect();
    assert_eq!(tiles, ["tile/0/x072/x057/x594/x037/x927/935.p/255"]);
    let levels: BTreeSet<Rows> = changed(u64::MAX - (1 << 60), 1 << 63).map(|tile| tile.rows()).take(5).collect();
    assert_eq!(levels, BTreeSet::new(), "a tree that shrank has no new tiles");
}

#[test]
fn a_tile_is_within_the_trees_that_have_its_rows() {
    for (tile, first) in [
        (hashes(0, 0, 1), 1),
        (hashes(0, 0, 256), 256),
        (hashes(1, 0, 1), 256),
        (hashes(1, 1, 17), (256 + 17) * 256),
        (entries(273, 112), 70_000),
        (hashes(7, 0, 255), 255 << 56),
    ] {
        assert!(!tile.is_within(first - 1) && tile.is_within(first), "{tile} in {first}");
    }
    for never in [hashes(8, 0, 1), hashes(63, 0, 1), hashes(7, 0, 256), hashes(0, u64::MAX, 256)] {
        assert!(!never.is_within(u64::MAX), "{never}");
    }
    assert_eq!(hashes(0, 3, 5).bundle(), Some(entries(3, 5)));
    assert_eq!((hashes(1, 3, 5).bundle(), entries(3, 5).bundle()), (None, None));
}

proptest! {
    #[test]
    fn a_path_is_read_as_it_was_written(level in 0u8..64, index in any::<u64>(), short in 0u32..64, width in 1u16..=256) {
        let index = index >> short;
        for tile in [hashes(level, index, width), entries(index, width)] {
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }

    #[test]
    fn a_path_that_is_read_is_written_again(path in "tile/(0|7|63|64|entries)/(x?[0-9]{3}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn what_an_append_changes_is_what_was_not_there(old in 0u64..150_000, more in 0u64..150_000) {
        let new = old + more;
        let found: Vec<Tile> = changed(old, new).collect();
        let expected: BTreeSet<Tile> = all(new).difference(&all(old)).copied().collect();
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written(records in vec(vec(any::<u8>(), 0..40), 1..=256)) {
        let bytes = entries_to_bytes(&records).unwrap();
        let width = records.len() as u16;
        prop_assert_eq!(entries_from_bytes(&bytes, width).unwrap(), records.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert!(entries_from_bytes(&bytes[..bytes.len() - 1], width).is_err());
        prop_assert!(entries_from_bytes(&bytes, width - 1).is_err());
        prop_assert!(entries_from_bytes(&bytes, width + 1).is_err());
    }
}

#[test]
fn a_bundle_has_a_length_before_each_record() {
    assert_eq!(entries_to_bytes(&["ab", "", "c"]).unwrap(), b"\0\x02ab\0\0\0\x01c");
    let longest = vec![7; 65_535];
    assert_eq!(entries_from_bytes(&entries_to_bytes(&[&longest]).unwrap(), 1), Ok(vec![&longest[..]]));
    let too_long = EntriesError::TooLong { entry: 1, bytes: 65_536 };
    assert_eq!(entries_to_bytes(&[vec![], vec![7; 65_536]]), Err(too_long));
    assert_eq!(entries_to_bytes::<&str>(&[]), Err(EntriesError::Width(0)));
    assert_eq!(entries_to_bytes(&[""; 257]), Err(EntriesError::Width(257)));
    assert_eq!(entries_from_bytes(b"", 0), Err(EntriesError::Width(0)));
    assert_eq!(entries_from_bytes(b"\0\x02a", 1), Err(EntriesError::Cut { entry: 0 }));
    assert_eq!(entries_from_bytes(b"\0\x01a\0", 2), Err(EntriesError::Cut { entry: 1 }));
    assert_eq!(entries_from_bytes(b"\0\x01a\0\0", 1), Err(EntriesError::Trailing { bytes: 2 }));
}

#[test]
fn a_tile_of_hashes_has_as_many_bytes_as_its_width_says() {
    let bytes = [7; 64];
    assert_eq!(hashes_from_bytes(&bytes, 2).unwrap(), [[7; 32].into(); 2]);
    for (cut, width) in [(63, 2), (64, 1), (64, 3), (32, 2), (0, 1)] {
        let refused = hashes_from_bytes(&bytes[..cut], width).expect_err("another width");
        assert_eq!((refused.expected, refused.found), (usize::from(width) * 32, cut));
    }
}
