//! Reaching the server: who asks, which node, and what a log is known by.

use super::*;
use eventstoredb_double::{Act, Call, When};
use futures::future::join_all;

#[tokio::test]
async fn a_log_opens_while_its_server_is_away() {
    let server = Server::start().await;
    server.double.go_away().await;
    let log = server.log();
    assert!(matches!(log.log_id().await, Err(LogError::Unavailable(_))));
    assert!(matches!(log.head().await, Err(LogError::Unavailable(_))));
    assert!(matches!(log.read_all(Position::START, 1).await, Err(LogError::Unavailable(_))));
    assert!(matches!(log.read_stream(&cart(), 0, 1).await, Err(LogError::Unavailable(_))));
    server.double.come_back();
    log.log_id().await.unwrap();
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn nodes_that_open_a_new_log_at_the_same_time_agree_on_its_identity() {
    let server = Server::start().await;
    let logs: Vec<_> = (0..16).map(|_| server.log()).collect();
    let identities = join_all(logs.iter().map(|log| log.log_id())).await;
    let first = identities[0].clone().unwrap();
    assert!(identities.into_iter().all(|identity| identity.unwrap() == first));
    assert_eq!(server.log().log_id().await.unwrap(), first);
    assert_eq!(everything(&*logs[0]).await, [], "it is no event of the log");
}

#[tokio::test]
async fn the_identity_is_found_also_when_the_answer_to_giving_it_is_lost() {
    for when in [When::Before, When::After] {
        let server = Server::start().await;
        server.double.on_next(Call::Append, when, Act::Cut);
        let given = server.log().log_id().await.unwrap();
        assert_eq!(server.log().log_id().await.unwrap(), given, "{when:?}");
    }
}

#[tokio::test]
async fn the_identity_is_no_event_also_where_a_prefix_would_have_it() {
    let server = Server::start().await;
    let log = open(EventStoreDbOptions { stream_prefixes: vec!["cart".to_owned()], ..server.options() });
    log.log_id().await.unwrap();
    assert_eq!(everything(&*log).await, []);
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_log_is_of_a_newer_format_from_the_first_append_on_and_earlier_programs_then_leave_it_alone() {
    let server = Server::start().await;
    let of_format = |format| open(EventStoreDbOptions { format, ..server.options() });
    let (earlier, newer) = (of_format(1), of_format(2));
    let log_id = earlier.log_id().await.unwrap();
    assert_eq!(newer.log_id().await.unwrap(), log_id);
    append(&*earlier, 0, &events(1)).await.unwrap();
    append(&*of_format(1), 1, &events(1)).await.unwrap();
    append(&*newer, 2, &events(1)).await.unwrap();
    append(&*newer, 3, &events(1)).await.unwrap();
    let refused = of_format(1).log_id().await.unwrap_err();
    assert!(matches!(&refused, LogError::Damaged(said) if said.to_string().contains("format 2")), "{refused}");
    assert_eq!(of_format(3).log_id().await.unwrap(), log_id);
    assert_eq!(everything(&*newer).await.len(), 4, "what announces it is no event of the log");
}

#[tokio::test]
async fn nodes_that_announce_a_format_at_the_same_time_all_go_on() {
    for when in [When::Before, When::After] {
        let server = Server::start().await;
        let logs: Vec<_> = (0..8).map(|_| open(EventStoreDbOptions { format: 2, ..server.options() })).collect();
        logs[0].log_id().await.unwrap();
        server.double.on_next(Call::Append, when, Act::Cut);
        let streams = (0..8).map(|number| StreamName::new(format!("cart-{number}"))).collect::<Vec<_>>();
        let appends =
            logs.iter().zip(&streams).map(|(log, stream)| log.append(stream, ExpectedRevision::NoStream, events(1)));
        assert!(join_all(appends).await.into_iter().all(|appended| appended.is_ok()), "{when:?}");
    }
}

#[tokio::test]
async fn an_identity_that_says_nothing_is_damage() {
    let server = Server::start().await;
    server.others_append("cartlog-log", &["LogCreated"]).await;
    assert!(matches!(server.log().log_id().await, Err(LogError::Damaged(_))));
}

#[tokio::test]
async fn logs_of_different_namespaces_share_a_server_and_nothing_else() {
    let server = Server::start().await;
    let in_namespace =
        |namespace: &str| open(EventStoreDbOptions { namespace: namespace.to_owned(), ..server.options() });
    let (plain, eu, us) = (server.log(), in_namespace("eu-"), in_namespace("us-"));
    for log in [&plain, &eu, &us] {
        append(&**log, 0, &events(2)).await.unwrap();
    }
    let identities = join_all([&plain, &eu, &us].map(|log| log.log_id())).await;
    for (index, log) in [&plain, &eu, &us].into_iter().enumerate() {
        let stored = everything(&**log).await;
        assert!(stored.len() == 2 && stored.iter().all(|event| event.stream == cart()), "{stored:?}");
        assert_eq!(log.head().await.unwrap(), stored[1].position);
        let own = identities[index].as_ref().unwrap();
        assert_eq!(identities.iter().filter(|other| other.as_ref().unwrap() == own).count(), 1);
    }
}

#[tokio::test]
async fn who_asks_is_told_to_the_server_and_to_nobody_else() {
    let user = Some(("ops@shop".to_owned(), "s3cret/:?#".to_owned()));
    let server = Server::start_with(DoubleOptions { user, ..DoubleOptions::default() }).await;
    let as_user = |user: &str| {
        let url = server.double.url().replace("esdb://", &format!("eventstoredb://{user}"));
        EventStoreDbOptions { url, ..server.options() }
    };
    let options = as_user("ops%40shop:s3cret%2F%3A%3F%23@");
    assert!(!format!("{options:?}").contains("s3cret"));
    let log = open(options);
    append(&*log, 0, &events(1)).await.unwrap();
    let mut subscription = log.subscribe(Position::START);
    next_events(&mut subscription, 1).await;
    for wrong in ["", "ops%40shop:wr0ng@"] {
        let log = open(as_user(wrong));
        for refused in [log.log_id().await.err(), log.head().await.err()] {
            let refused = refused.expect("the password is wrong");
            assert!(
                matches!(&refused, LogError::Damaged(reason) if !reason.to_string().contains("wr0ng")),
                "{refused}"
            );
        }
        assert!(matches!(next(&mut log.subscribe(Position::START)).await, Some(Err(LogError::Damaged(_)))));
    }
}

#[test]
fn connection_strings_that_can_t_be_used_are_refused_without_giving_a_password_away() {
    for url in [
        "esdb://ops:s3cret@",
        "esdb://ops:s3cret@localhost:notaport",
        "mysql://ops:s3cret@localhost",
        "esdb://ops:s3cret@localhost?tls=maybe",
        "esdb://ops:s3cret@localhost?tlsCAFile=/nowhere/ca.pem",
        "esdb://ops:s3cret@localhost?userCertFile=/nowhere/cert.pem&userKeyFile=/nowhere/key.pem",
        "ops:s3cret",
    ] {
        let refused = EventStoreDbLog::open(EventStoreDbOptions::new(url, ["cart-"])).err().expect(url);
        assert!(
            matches!(&refused, LogError::Damaged(reason) if !reason.to_string().contains("s3cret")),
            "{url}: {refused}"
        );
    }
    for url in [
        "esdb://localhost",
        "esdb+discover://cluster.example:2113?tls=true",
        "eventstoredb://ops:s3cret@a:1,b:2,c:3?tls=false",
        "eventstoredb+discover://localhost",
        "kurrentdb://localhost?tlsVerifyCert=false",
    ] {
        EventStoreDbLog::open(EventStoreDbOptions::new(url, ["cart-"])).expect(url);
    }
}

#[tokio::test]
async fn the_leader_is_asked_once_a_follower_names_it() {
    let (follower, leader) = (Server::start().await, Server::start().await);
    follower.double.set_leader(leader.double.address());
    let log = follower.log();
    append(&*log, 0, &events(1)).await.unwrap();
    assert_eq!(follower.pauses(), [] as [u32; 0], "it is surely not done, so there is nothing to wait for");
    assert_eq!(everything(&*leader.log()).await, everything(&*log).await);
    assert_eq!(everything(&*follower.log()).await, everything(&*log).await, "read from the leader");
    let log = follower.log();
    let mut subscription = log.subscribe(Position::START);
    next_events(&mut subscription, 1).await;
    in_time(leader.double.subscription(0)).await;
    assert_eq!(follower.double.subscriptions(), 0);
}

#[tokio::test]
async fn another_node_is_asked_when_one_is_away() {
    let (away, there) = (Server::start().await, Server::start().await);
    away.double.go_away().await;
    let url = format!("esdb://{},{}?tls=false", away.double.address(), there.double.address());
    let log = open(EventStoreDbOptions { url, ..there.options() });
    append(&*log, 0, &events(1)).await.unwrap();
    assert_eq!(everything(&*there.log()).await, everything(&*log).await);
    let mut subscription = log.subscribe(Position::START);
    next_events(&mut subscription, 1).await;
    append(&*log, 1, &events(1)).await.unwrap();
    next_events(&mut subscription, 1).await;
}
