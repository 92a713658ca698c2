//! What strangers are told, read by other programs.

use crate::world::{World, incarnation, published};
use eventlog::{EventLog, Position};
use notary::{NotaryError, PublicTile};
use proof::checkpoint::Policy;
use proof::hash::Hash;
use proof::leaf::Leaf;
use proof::tiles::{Rows, Tile, entries_from_bytes, hashes_from_bytes};
use proof::tlog_proof::TlogProof;
use std::collections::HashMap;
use tlog_tiles::{TileHashReader, TileReader, tlog};
use vault::{SigningKey, Vault};

async fn tile(world: &World, path: &str) -> Option<PublicTile> {
    world.public().tile(1, path.parse::<Tile>().unwrap()).await.unwrap()
}

#[tokio::test]
async fn nothing_is_told_of_what_is_not_signed() {
    let world = World::of(600).await;
    assert_eq!(world.public().latest(1).await.unwrap(), None);
    assert_eq!(tile(&world, "tile/0/000").await, None);
    assert_eq!(world.public().prove(1, Position(1)).await.unwrap(), None);
    published(world.notary().await.step().await);
    world.grow(200).await;
    for (path, is_there) in [
        ("tile/0/000", true),
        ("tile/0/001", true),
        ("tile/0/002", false),
        ("tile/0/002.p/88", true),
        ("tile/0/002.p/87", true),
        ("tile/0/002.p/89", false),
        ("tile/1/000.p/2", true),
        ("tile/1/000.p/3", false),
        ("tile/2/000.p/1", false),
        ("tile/63/x001/000", false),
        ("tile/entries/001", true),
        ("tile/entries/002", false),
        ("tile/entries/002.p/88", true),
    ] {
        assert_eq!(tile(&world, path).await.is_some(), is_there, "{path}");
    }
    assert!(tile(&world, "tile/0/001").await.unwrap().is_complete);
    assert!(!tile(&world, "tile/0/002.p/88").await.unwrap().is_complete);
    // What was not signed yet can't be proved yet.
    assert!(world.public().prove(1, Position(600)).await.unwrap().is_some());
    assert_eq!(world.public().prove(1, Position(601)).await.unwrap(), None);
    assert_eq!(world.public().latest(2).await.unwrap(), None);
    assert_eq!(world.public().tile(2, "tile/0/000".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn entries_are_the_records_whose_hashes_stand_in_the_tile() {
    let world = World::of(300).await;
    published(world.notary().await.step().await);
    for (width, index) in [(256, 0), (44, 1)] {
        let entries = Tile::new(Rows::Entries, index, width).unwrap();
        let entries = world.public().tile(1, entries).await.unwrap().unwrap().bytes;
        let hashes = Tile::new(Rows::Hashes { level: 0 }, index, width).unwrap();
        let hashes = world.public().tile(1, hashes).await.unwrap().unwrap().bytes;
        let records = entries_from_bytes(&entries, width).unwrap();
        let expected: Vec<Hash> = records.iter().map(|record| proof::hash::leaf_hash(record)).collect();
        assert_eq!(hashes_from_bytes(&hashes, width).unwrap(), expected);
    }
}

#[tokio::test]
async fn each_event_is_proved_to_somebody_who_has_the_key_alone() {
    let world = World::of(300).await;
    let key = world.notary().await.verifier_key().clone();
    published(world.notary().await.step().await);
    let policy = Policy::new(key.name().as_str(), key.clone());
    for event in world.log.read_all(Position(0), 999).await.unwrap() {
        let proved = world.public().prove(1, event.position).await.unwrap().unwrap();
        let read = TlogProof::parse(proved.proof.to_string().as_bytes()).unwrap();
        assert_eq!(read.verify(&proved.leaf, &policy).unwrap().checkpoint.size(), 300);
        let leaf = Leaf::parse(&proved.leaf).unwrap();
        assert_eq!((leaf.id, leaf.revision), (event.id, event.revision));
        assert!(read.verify(b"another leaf", &policy).is_err());
    }
}

#[tokio::test]
async fn nothing_is_told_of_a_tree_that_is_not_the_one_which_was_signed() {
    let world = World::of(300).await;
    published(world.notary().await.step().await);
    world.log.change(|events| events[7].data = "{}".into());
    world.follower().rebuild(|_| ()).await.unwrap();
    let told = world.public().tile(1, "tile/0/000".parse().unwrap()).await;
    assert!(matches!(told, Err(NotaryError::Contradicts { .. })), "{told:?}");
    assert!(matches!(world.public().prove(1, Position(200)).await, Err(NotaryError::Contradicts { .. })));
    // What was published stays so.
    assert_eq!(world.public().latest(1).await.unwrap().unwrap().size, 300);
}

#[tokio::test]
async fn while_the_tree_is_built_anew_it_is_said_to_be_behind() {
    let world = World::of(300).await;
    published(world.notary().await.step().await);
    world.tree.clear().await.unwrap();
    let told = world.public().tile(1, "tile/0/000".parse().unwrap()).await;
    assert!(matches!(told, Err(NotaryError::Behind { signed: 300, now: 0 })), "{told:?}");
    world.follower().catch_up(|_| ()).await.unwrap();
    assert!(tile(&world, "tile/0/000").await.is_some());
}

#[tokio::test]
async fn each_incarnation_is_told_with_its_key() {
    let world = World::of(5).await;
    let public = world.public();
    assert_eq!(public.incarnations().await.unwrap(), []);
    let notaries = [
        world.notary().await,
        world.notary_as("example.com/log", incarnation(2)).await.unwrap(),
        world.notary_as("example.com/log", incarnation(300)).await.unwrap(),
    ];
    for (log, number) in [(1, 1), (78, 1)] {
        let other = vault::IncarnationId::new(eventlog::LogId(uuid::Uuid::from_u128(log)), number);
        world.vault.put_signing_key(other, SigningKey([1; 32])).await.unwrap();
    }
    published(notaries[1].step().await);
    let told = public.incarnations().await.unwrap();
    let told: Vec<_> = told.iter().map(|one| (one.number, one.verifier_key.clone(), one.latest_size)).collect();
    let keys = notaries.each_ref().map(|notary| notary.verifier_key().clone());
    let [first, second, third] = keys;
    assert_eq!(told, [(1, first, None), (2, second, Some(5)), (300, third, None)]);
    // More than are read at once.
    for number in 301..520 {
        world.vault.put_signing_key(incarnation(number), SigningKey([9; 32])).await.unwrap();
    }
    assert_eq!(public.incarnations().await.unwrap().len(), 222);
}

/// Cloudflare's client, over what strangers are told: it checks each tile against the root before it believes it.
#[tokio::test]
async fn another_program_proves_records_by_the_tiles() {
    let world = World::of(700).await;
    let checkpoint = published(world.notary().await.step().await);
    world.grow(90).await;
    let mut lines = checkpoint.note.lines().skip(1);
    let (size, root): (u64, Hash) = (lines.next().unwrap().parse().unwrap(), lines.next().unwrap().parse().unwrap());
    let mut tiles = HashMap::new();
    for tile in proof::tiles::changed(0, size) {
        let told = world.public().tile(1, tile).await.unwrap().unwrap();
        tiles.insert(tile.to_string(), told.bytes);
    }
    let (tiles, root) = (Tiles(tiles), tlog::Hash(*root.as_bytes()));
    let client = TileHashReader::new(size, root, &tiles);
    for index in [0, 255, 256, 511, 699] {
        let proof = tlog::prove_record(size, index, &client).unwrap();
        let record = world.reading().record(index).await.unwrap();
        tlog::check_record(&proof, size, root, index, tlog::record_hash(&record)).unwrap();
    }
    let other = TileHashReader::new(size, tlog::record_hash(b"other"), &tiles);
    assert!(tlog::prove_record(size, 0, &other).is_err());
}

struct Tiles(HashMap<String, Vec<u8>>);

impl TileReader for Tiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        Ok(tiles.iter().map(|tile| self.0[&tile.path().replacen("tile/8/", "tile/", 1)].clone()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}
