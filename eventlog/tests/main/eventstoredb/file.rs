//! The test's server keeps its log in a file when it is told to, so that it can be killed and started again.

use super::*;
use std::fs::OpenOptions;
use std::io::Write;
use tempfile::TempDir;

fn in_file(directory: &TempDir) -> DoubleOptions {
    DoubleOptions { data: Some(directory.path().join("log")), ..DoubleOptions::default() }
}

#[tokio::test]
async fn the_log_is_there_again_when_the_server_is() {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(in_file(&directory)).await;
    let log = server.log();
    let batch = events(3);
    let appended = append(&*log, 0, &batch).await.unwrap();
    server.others_append("cart-2", &["Happened"]).await;
    server.double.delete("cart-2").await.unwrap();
    server.others_append("cart-3", &["Happened"]).await;
    server.double.tombstone("cart-3").await.unwrap();
    let (log_id, stored, head) = (log.log_id().await.unwrap(), everything(&*log).await, log.head().await.unwrap());
    drop((log, server));

    let server = Server::start_with(in_file(&directory)).await;
    let log = server.log();
    assert_eq!(log.log_id().await.unwrap(), log_id);
    assert_eq!(everything(&*log).await, stored);
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(append(&*log, 0, &batch).await.unwrap(), appended, "it knows what it has");
    assert!(append(&*log, 3, &events(1)).await.unwrap().position > head);
    assert_eq!(log.read_stream(&StreamName::new("cart-2"), 0, 10).await.unwrap(), [], "it is still deleted");
    assert!(log.read_stream(&StreamName::new("cart-3"), 0, 10).await.is_err(), "it has its tombstone still");
}

#[tokio::test]
async fn a_write_that_is_not_whole_is_cut_off() {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(in_file(&directory)).await;
    append(&*server.log(), 0, &events(3)).await.unwrap();
    let stored = everything(&*server.log()).await;
    drop(server);
    for torn in [&[7][..], &[200, 0, 0, 0], &[200, 0, 0, 0, 10, 99, 1], &[3, 0, 0, 0, 255, 255, 255]] {
        let mut file = OpenOptions::new().append(true).open(directory.path().join("log")).unwrap();
        file.write_all(torn).unwrap();
        let server = Server::start_with(in_file(&directory)).await;
        assert_eq!(everything(&*server.log()).await[..3], stored, "{torn:?}");
        let length = everything(&*server.log()).await.len() as u64;
        append(&*server.log(), length, &events(1)).await.unwrap();
        drop(server);
        let server = Server::start_with(in_file(&directory)).await;
        assert_eq!(everything(&*server.log()).await.len() as u64, length + 1, "{torn:?}");
    }
}
