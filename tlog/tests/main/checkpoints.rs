//! What was published stays as it is, and is found.

use crate::place::Place;
use futures::future::join_all;
use tlog::Published;

fn of(origin: &str, size: u64, note: &str) -> Published {
    Published { origin: origin.to_owned(), size, note: note.to_owned() }
}

#[tokio::test]
async fn a_checkpoint_is_kept_as_it_was_first_put_and_outlives_whoever_put_it() {
    let place = Place::default();
    let kept = place.checkpoints("checkpoints").await;
    assert_eq!(kept.latest("a").await.unwrap(), None);
    let first = of("a", 7, "text\n\n— a AAAA\n");
    assert_eq!(kept.put(first.clone()).await.unwrap(), first);
    assert_eq!(kept.put(of("a", 7, "other")).await.unwrap(), first);
    drop(kept);
    let kept = place.checkpoints("checkpoints").await;
    assert_eq!(kept.of_size("a", 7).await.unwrap(), Some(first));
    assert_eq!(kept.of_size("a", 6).await.unwrap(), None);
}

#[tokio::test]
async fn checkpoints_are_listed_by_their_size_and_origin() {
    let place = Place::default();
    let kept = place.checkpoints("checkpoints").await;
    for size in [300, 0, 70, 8, 1 << 40] {
        kept.put(of("a/1", size, "note")).await.unwrap();
    }
    kept.put(of("a/2", 9, "another's")).await.unwrap();
    let listed = |found: Vec<Published>| found.into_iter().map(|one| one.size).collect::<Vec<_>>();
    assert_eq!(listed(kept.list("a/1", None, 9).await.unwrap()), [0, 8, 70, 300, 1 << 40]);
    assert_eq!(listed(kept.list("a/1", Some(8), 2).await.unwrap()), [70, 300]);
    assert!(listed(kept.list("a/1", Some(1 << 40), 2).await.unwrap()).is_empty());
    assert_eq!(kept.latest("a/1").await.unwrap().map(|one| one.size), Some(1 << 40));
    assert_eq!(kept.latest("a/2").await.unwrap(), Some(of("a/2", 9, "another's")));
    assert_eq!(kept.latest("a").await.unwrap(), None);
    assert_eq!(kept.latest("A/1").await.unwrap(), None);
}

#[tokio::test]
async fn of_many_who_put_one_of_the_same_size_all_get_the_same() {
    let place = Place::default();
    let kept = place.checkpoints("checkpoints").await;
    let notes: Vec<String> = (0..8).map(|number| format!("note {number}")).collect();
    let put = join_all(notes.iter().map(|note| kept.put(of("a", 7, note)))).await;
    let put: Vec<Published> = put.into_iter().map(|put| put.unwrap()).collect();
    assert!(put.iter().all(|one| *one == put[0]), "{put:?}");
    assert_eq!(kept.list("a", None, 9).await.unwrap(), [put[0].clone()]);
}
