//! How far the work is that one node does for all: in PostgreSQL, where the next one finds it.

use commands::snapshots::{PostgresSnapshots, Snapshot, Snapshots};
use eventlog::{LogId, StreamName};
use postgres::testing::Scratch;
use uuid::Uuid;

#[tokio::test]
async fn how_far_one_node_is_the_next_one_finds_also_after_it_has_moved() {
    let scratch = Scratch::default();
    let (one, two) = (progress(&scratch).await, progress(&scratch).await);
    let (place, other) = (StreamName::new("$reactions"), StreamName::new("$job-1"));
    assert_eq!(two.load(&place).await.unwrap(), None);
    let reached = |state: &[u8]| Snapshot { log_id: LogId(Uuid::now_v7()), format: u32::MAX, state: state.to_vec() };
    for state in [&b"{\"position\":1}"[..], b"{\"position\":2}"] {
        let saved = reached(state);
        one.save(&place, saved.clone()).await.unwrap();
        assert_eq!(two.load(&place).await.unwrap(), Some(saved));
        assert_eq!(two.load(&other).await.unwrap(), None);
    }
}

async fn progress(scratch: &Scratch) -> PostgresSnapshots {
    PostgresSnapshots::open(&scratch.database().await).await.unwrap()
}
