//! Copying into EventStoreDB: pipelined, in order, and whatever breaks it off, what stands there is a beginning.

use super::*;
use eventlog::copy::{Copied, begin, compare};
use eventstoredb_double::{Act, Call, When};

async fn source(events: u64) -> MemoryLog {
    let log = MemoryLog::new();
    let mut lengths = [0; 11];
    for number in 0..events {
        let stream = (number * number % 11) as usize;
        let name = StreamName::new(format!("cart-{stream}"));
        let expected = ExpectedRevision::of_length(lengths[stream]);
        log.append(&name, expected, vec![event()]).await.unwrap();
        lengths[stream] += 1;
    }
    log
}

async fn copied(source: &dyn EventLog, target: &dyn EventLog) -> Result<Copied, copy::CopyError> {
    begin(source, target, &mut |_, _| ()).await?.go_on(&mut |_, _| ()).await
}

#[tokio::test]
async fn a_copy_is_in_order_though_nothing_waits_for_an_answer() {
    let (server, source) = (Server::start().await, source(2_000).await);
    let target = server.log();
    assert_eq!(in_time(copied(&source, &*target)).await.unwrap(), Copied { found: 0, appended: 2_000 });
    assert_eq!(compare(&source, &*target, &mut |_, _| ()).await.unwrap().events, 2_000);
}

#[tokio::test]
async fn wherever_it_breaks_off_the_same_copy_goes_on() {
    let source = source(300).await;
    let all = ids(&everything(&source).await);
    for when in [When::Before, When::After] {
        for nth in [0, 1, 100, 200, 256, 260] {
            let server = Server::start().await;
            let target = server.log();
            target.log_id().await.unwrap();
            for _ in 0..nth {
                server.double.on_next(Call::Append, When::After, Act::Pass);
            }
            server.double.on_next(Call::Append, when, Act::Cut);
            let broke_off = in_time(copied(&source, &*target)).await;
            assert!(broke_off.is_err(), "{when:?} {nth}");
            let found = everything(&*server.log()).await;
            assert_eq!(ids(&found), all[..found.len()], "{when:?} {nth}: a beginning");
            let done = in_time(copied(&source, &*server.log())).await.unwrap();
            assert_eq!(done.found + done.appended, 300);
            compare(&source, &*server.log(), &mut |_, _| ()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_followed_by_what_comes_after_it() {
    let (server, source) = (Server::start().await, MemoryLog::new());
    for (number, bytes) in [(0, 10), (1, 2_000_000), (2, 10)] {
        let large = NewEvent { data: vec![b'1'; bytes].into(), ..event() };
        source
            .append(&StreamName::new(format!("cart-{number}")), ExpectedRevision::NoStream, vec![large])
            .await
            .unwrap();
    }
    let refused = copied(&source, &*server.log()).await;
    assert!(matches!(refused, Err(copy::CopyError::Append(AppendError::TooLarge { .. }))), "{refused:?}");
    assert_eq!(everything(&*server.log()).await.len(), 1);
}

#[tokio::test]
async fn somebody_else_who_writes_there_is_noticed() {
    let (server, source) = (Server::start().await, source(300).await);
    let target = server.log();
    let begun = begin(&source, &*target, &mut |_, _| ()).await.unwrap();
    server.others_append("cart-4", &["Happened"]).await;
    let refused = begun.go_on(&mut |_, _| ()).await;
    assert!(matches!(refused, Err(copy::CopyError::ForeignAppend(_))), "{refused:?}");
}
