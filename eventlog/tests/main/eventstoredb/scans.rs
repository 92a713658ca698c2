//! A server that holds millions of others' events before, between and after ours, looks through them slowly, and says nothing
//! meanwhile.

use super::*;
use eventstoredb_double::{Act, Call, When};

/// Of others, in each stretch.
const MANY: usize = 10_000_000;
/// For each 8,192 of them: a stretch takes many times as long as the log waits for an answer.
const SLOWLY: Duration = Duration::from_millis(3);
/// How long the log waits for an answer.
const WAITED: Duration = Duration::from_millis(600);

impl Server {
    /// As a log is opened that waits for an answer for a short while only.
    fn impatient(&self) -> EventStoreDbOptions {
        EventStoreDbOptions { request_timeout: WAITED, ..self.options() }
    }

    /// How many records were looked at meanwhile.
    async fn looked_at<T>(&self, doing: impl Future<Output = T>) -> (usize, T) {
        let before = self.double.looked_at();
        let done = in_time(doing).await;
        (self.double.looked_at() - before, done)
    }
}

/// Others' events before, between and after ours; gives ours.
async fn scattered(server: &Server) -> Vec<Uuid> {
    let log = server.log();
    log.log_id().await.unwrap();
    let mut ours = Vec::new();
    for length in 0..2 {
        server.double.others_fill(MANY);
        let batch = events(1);
        append(&*log, length, &batch).await.unwrap();
        ours.extend(new_ids(&batch));
    }
    server.double.others_fill(MANY);
    server.double.scan_slowly(SLOWLY);
    ours
}

#[tokio::test]
async fn a_new_log_starts_at_once_in_a_server_full_of_others() {
    let server = Server::start().await;
    server.double.others_fill(MANY);
    server.double.scan_slowly(SLOWLY);
    let log = open(server.impatient());
    let starting = async {
        log.log_id().await.unwrap();
        assert_eq!(log.head().await.unwrap(), Position::START);
        assert_eq!(everything(&*log).await, []);
        append(&*log, 0, &events(1)).await.unwrap();
        everything(&*log).await.len()
    };
    let (looked_at, found) = server.looked_at(starting).await;
    assert_eq!(found, 1);
    assert!(looked_at < 1_000, "{looked_at} records were looked at");
}

#[tokio::test]
async fn a_scan_is_not_silence_and_is_made_once() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    let log = open(server.impatient());
    let (looked_at, stored) = server.looked_at(everything(&*log)).await;
    assert_eq!(ids(&stored), ours);
    assert!(looked_at < 4 * MANY + MANY / 2, "{looked_at} records were looked at for one way through the log");

    let again = async {
        assert_eq!(log.head().await.unwrap(), stored[1].position);
        assert_eq!(ids(&everything(&*log).await), ours);
        log.read_all(stored[0].position, 10).await.unwrap().len()
    };
    let (looked_at, rest) = server.looked_at(again).await;
    assert_eq!(rest, 1);
    assert!(looked_at < MANY / 10, "{looked_at} records were looked at again");
}

#[tokio::test]
async fn another_process_does_not_look_again_where_nothing_was_found() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    in_time(everything(&*open(server.impatient()))).await;
    let log = open(server.impatient());
    let starting = async {
        log.head().await.unwrap();
        let mut subscription = log.subscribe(Position::START);
        next_events(&mut subscription, 2).await
    };
    let (looked_at, stored) = server.looked_at(starting).await;
    assert_eq!(ids(&stored), ours);
    assert!(looked_at < MANY / 4, "{looked_at} records were looked at again");
}

#[tokio::test]
async fn the_end_is_looked_for_however_long_that_takes() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    let log = open(server.impatient());
    let (looked_at, head) = server.looked_at(log.head()).await;
    assert!(looked_at < MANY + MANY / 2, "{looked_at} records were looked at for the end");
    let last = log.read_stream_backwards(&cart(), 1).await.unwrap();
    assert_eq!(last[0].position, head.unwrap());
    assert_eq!(ours.len(), 2);
}

#[tokio::test]
async fn who_looks_at_the_same_time_does_not_look_for_himself() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    let log = open(server.impatient());
    let all = futures::future::join_all((0..4).map(|_| everything(&*log)));
    let (looked_at, stored) = server.looked_at(all).await;
    assert!(stored.iter().all(|stored| ids(stored) == ours));
    assert!(looked_at < 5 * MANY, "{looked_at} records were looked at by four");
}

#[tokio::test]
async fn a_scan_that_breaks_off_goes_on_where_it_was() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    let log = open(server.impatient());
    let reading = tokio::spawn({
        let log = Arc::clone(&log);
        async move { everything(&*log).await }
    });
    let begin = server.double.looked_at();
    for part in 1..=5 {
        while server.double.looked_at() < begin + part * MANY / 2 {
            tokio::task::yield_now().await;
        }
        server.double.go_away().await;
        server.double.come_back();
    }
    assert_eq!(ids(&in_time(reading).await.unwrap()), ours);
    let looked_at = server.double.looked_at() - begin;
    assert!(looked_at < 6 * MANY, "{looked_at} records were looked at in all");
}

#[tokio::test]
async fn a_server_that_does_not_even_answer_beside_is_away() {
    let server = Server::start().await;
    scattered(&server).await;
    let log = open(server.impatient());
    let reading = tokio::spawn({
        let log = Arc::clone(&log);
        async move { log.read_all(Position::START, 10).await }
    });
    let begin = server.double.looked_at();
    while server.double.looked_at() < begin + MANY / 10 {
        tokio::task::yield_now().await;
    }
    server.double.freeze();
    let outcome = in_time(reading).await.unwrap();
    assert!(matches!(outcome, Err(LogError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn how_far_a_scan_is_shows_while_it_is_made() {
    let server = Server::start().await;
    scattered(&server).await;
    let log = open(server.impatient());
    assert_eq!(log.unit(), LogUnit::Bytes);
    let reading = tokio::spawn({
        let log = Arc::clone(&log);
        async move { everything(&*log).await }
    });
    let mut last = log.scanned(Position::START);
    let mut steps = 0;
    while !reading.is_finished() {
        let now = log.scanned(Position::START);
        assert!(now >= last, "it went back from {last} to {now}");
        steps += usize::from(now > last);
        last = now;
        tokio::task::yield_now().await;
    }
    assert!(steps > 10, "{steps} steps were seen");
}

#[tokio::test]
async fn what_was_noted_of_a_log_that_was_set_back_since_is_not_believed() {
    let server = Server::start().await;
    server.double.others_fill(MANY);
    let log = open(server.impatient());
    append(&*log, 0, &events(1)).await.unwrap();
    let before = server.double.records();
    server.double.others_fill(MANY);
    in_time(everything(&*log)).await;
    drop(log);
    // As a backup from before, in which another event of ours stands where others' stood.
    server.double.set_back(before);
    let log = open(server.impatient());
    append(&*log, 1, &events(1)).await.unwrap();
    server.double.others_fill(2 * MANY);
    assert_eq!(in_time(everything(&*open(server.impatient()))).await.len(), 2);
}

#[tokio::test]
async fn a_read_that_the_server_refuses_in_the_middle_of_a_scan_is_read_on() {
    let server = Server::start().await;
    let ours = scattered(&server).await;
    let log = open(server.impatient());
    server.double.on_next(Call::ReadAll, When::After, Act::Cut);
    assert_eq!(ids(&in_time(everything(&*log)).await), ours);
}
