//! The official client against the test's server: what it sends is understood, what it gets it understands. So the server
//! speaks the protocol, and what the log says to it is the protocol.

use super::*;
use eventstore::{
    AppendToStreamOptions, Client, CurrentRevision, DeleteStreamOptions, Error, EventData, ReadAllOptions, ReadEvent,
    ReadStreamOptions, StreamPosition, StreamState, SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
    TombstoneStreamOptions,
};

fn client(server: &Server) -> Client {
    Client::new(server.double.url().parse().unwrap()).unwrap()
}

fn data() -> EventData {
    EventData::json("Happened", &serde_json::json!({ "what": 1 })).unwrap().id(Uuid::now_v7())
}

fn expecting(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

async fn append_one(client: &Client, stream: &str, state: StreamState) -> eventstore::Result<u64> {
    Ok(client.append_to_stream(stream, &expecting(state), data()).await?.next_expected_version)
}

#[tokio::test]
async fn it_appends_at_exact_revisions() {
    let server = Server::start().await;
    let client = client(&server);
    assert_eq!(append_one(&client, "cart-1", StreamState::NoStream).await.unwrap(), 0);
    assert_eq!(append_one(&client, "cart-1", StreamState::StreamRevision(0)).await.unwrap(), 1);
    assert_eq!(append_one(&client, "cart-1", StreamState::Any).await.unwrap(), 2);
    assert_eq!(append_one(&client, "cart-1", StreamState::StreamExists).await.unwrap(), 3);
    for state in [StreamState::NoStream, StreamState::StreamRevision(1), StreamState::StreamRevision(9)] {
        let refused = append_one(&client, "cart-1", state).await;
        let is_told = matches!(
            refused,
            Err(Error::WrongExpectedVersion { expected, current: CurrentRevision::Current(3) }) if expected == state
        );
        assert!(is_told, "{refused:?}");
    }
    for state in [StreamState::StreamRevision(0), StreamState::StreamExists] {
        let refused = append_one(&client, "cart-2", state).await;
        assert!(
            matches!(refused, Err(Error::WrongExpectedVersion { current: CurrentRevision::NoStream, .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn it_gets_the_same_answer_to_the_same_append() {
    let server = Server::start().await;
    let client = client(&server);
    let batch = vec![data(), data()];
    let options = expecting(StreamState::NoStream);
    let first = client.append_to_stream("cart-1", &options, batch.clone()).await.unwrap();
    let again = client.append_to_stream("cart-1", &options, batch).await.unwrap();
    assert_eq!((first.next_expected_version, first.position), (again.next_expected_version, again.position));
}

#[tokio::test]
async fn it_reads_what_the_log_wrote_and_the_log_reads_what_it_wrote() {
    let server = Server::start().await;
    let (client, log) = (client(&server), server.log());
    append_one(&client, "cart-1", StreamState::NoStream).await.unwrap();
    append(&*log, 1, &events(2)).await.unwrap();
    let stored = everything(&*log).await;
    let forwards = ReadStreamOptions::default().position(StreamPosition::Start);
    let all = ReadAllOptions::default().position(StreamPosition::Start);
    for mut read in [client.read_stream("cart-1", &forwards).await.unwrap(), client.read_all(&all).await.unwrap()] {
        for ours in &stored {
            let mut theirs = read.next().await.unwrap().unwrap().event.unwrap();
            if theirs.stream_id() == "cartlog-log" {
                theirs = read.next().await.unwrap().unwrap().event.unwrap();
            }
            assert_eq!((theirs.id, theirs.revision, theirs.stream_id()), (ours.id, ours.revision, "cart-1"));
            assert_eq!((theirs.position.commit, theirs.position.prepare), (ours.position.0, ours.position.0));
            assert_eq!((&theirs.data, &theirs.custom_metadata), (&ours.data, &ours.metadata));
            assert_eq!(theirs.event_type, &*ours.event_type);
            assert!(theirs.is_json);
            // In units of 100 ns; the client's own `created` has whole seconds only.
            let created: i64 = theirs.metadata["created"].parse().unwrap();
            assert_eq!(created / 10_000, ours.recorded_at.timestamp_millis());
            assert_eq!(theirs.created.timestamp(), ours.recorded_at.timestamp());
        }
        assert!(read.next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn it_reads_streams_and_all_from_either_end() {
    let server = Server::start().await;
    let (client, log) = (client(&server), server.log());
    append(&*log, 0, &events(5)).await.unwrap();
    let stored = everything(&*log).await;
    let mut read = client
        .read_stream("cart-1", &ReadStreamOptions::default().position(StreamPosition::End).max_count(2))
        .await
        .unwrap();
    let mut revisions = Vec::new();
    let mut last = None;
    while let Some(event) = read.next_read_event().await.unwrap() {
        match event {
            ReadEvent::Event(event) => revisions.push(event.get_original_event().revision),
            ReadEvent::LastStreamPosition(revision) => last = Some(revision),
            ReadEvent::FirstStreamPosition(_) | ReadEvent::LastAllStreamPosition(_) => {}
        }
    }
    assert_eq!((revisions, last), (vec![4, 3], Some(4)));
    let from = eventstore::Position { commit: stored[2].position.0, prepare: stored[2].position.0 };
    let filter = SubscriptionFilter::on_stream_name().add_prefix("cart-");
    let from = ReadAllOptions::default().position(StreamPosition::Position(from)).filter(filter).max_count(2);
    let mut read = client.read_all(&from.clone().forwards()).await.unwrap();
    for event in &stored[2..4] {
        assert_eq!(read.next().await.unwrap().unwrap().get_original_event().id, event.id, "its start is included");
    }
    assert!(read.next().await.unwrap().is_none());
    let mut read = client.read_all(&from.backwards()).await.unwrap();
    for event in [&stored[1], &stored[0]] {
        assert_eq!(read.next().await.unwrap().unwrap().get_original_event().id, event.id, "its start is not included");
    }
}

#[tokio::test]
async fn it_is_told_that_there_is_no_such_stream_or_place() {
    let server = Server::start().await;
    let client = client(&server);
    let mut read = client.read_stream("cart-1", &Default::default()).await.unwrap();
    assert!(matches!(read.next().await, Err(Error::ResourceNotFound)));
    for _ in 0..2 {
        append_one(&client, "cart-1", StreamState::Any).await.unwrap();
    }
    let within = eventstore::Position { commit: 121, prepare: 121 };
    let within = ReadAllOptions::default().position(StreamPosition::Position(within));
    let mut read = client.read_all(&within).await.unwrap();
    assert!(matches!(read.next().await, Err(Error::ServerError(reason)) if reason.contains("InvalidPosition")));
}

#[tokio::test]
async fn it_subscribes_with_a_filter_and_gets_checkpoints() {
    let server = Server::start().await;
    let (client, log) = (client(&server), server.log());
    append(&*log, 0, &events(2)).await.unwrap();
    let stored = everything(&*log).await;
    let filter = SubscriptionFilter::on_stream_name().add_prefix("cart-").max(10);
    let mut subscription = client.subscribe_to_all(&SubscribeToAllOptions::default().filter(filter)).await;
    assert!(matches!(subscription.next_subscription_event().await.unwrap(), SubscriptionEvent::Confirmed(_)));
    for event in &stored {
        let SubscriptionEvent::EventAppeared(appeared) = subscription.next_subscription_event().await.unwrap() else {
            panic!("no event");
        };
        assert_eq!(appeared.get_original_event().id, event.id);
    }
    let last = stored[1].position.0;
    let SubscriptionEvent::Checkpoint(at) = subscription.next_subscription_event().await.unwrap() else {
        panic!("no checkpoint on going live");
    };
    assert_eq!((at.commit, at.prepare), (last, last));
    let SubscriptionEvent::CaughtUp(Some(caught_up)) = subscription.next_subscription_event().await.unwrap() else {
        panic!("not caught up");
    };
    assert_eq!(caught_up.position.map(|position| position.commit), Some(last));
    let reached = server.others_append("other-1", &["Happened"; 7]).await;
    let SubscriptionEvent::Checkpoint(at) = subscription.next_subscription_event().await.unwrap() else {
        panic!("no checkpoint after ten events");
    };
    assert_eq!(at.commit, reached.position);
    append(&*log, 2, &events(1)).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().get_original_event().revision, 2);
}

#[tokio::test]
async fn it_deletes_streams_for_a_while_and_for_ever() {
    let server = Server::start().await;
    let client = client(&server);
    for _ in 0..2 {
        append_one(&client, "cart-1", StreamState::Any).await.unwrap();
    }
    assert!(client.delete_stream("cart-1", &DeleteStreamOptions::default()).await.unwrap().is_some());
    let mut read = client.read_stream("cart-1", &Default::default()).await.unwrap();
    assert!(matches!(read.next().await, Err(Error::ResourceNotFound)));
    assert_eq!(append_one(&client, "cart-1", StreamState::NoStream).await.unwrap(), 2, "its numbering goes on");
    let mut read = client.read_stream("cart-1", &Default::default()).await.unwrap();
    assert_eq!(read.next().await.unwrap().unwrap().get_original_event().revision, 2);
    assert!(client.tombstone_stream("cart-1", &TombstoneStreamOptions::default()).await.unwrap().is_some());
    assert!(matches!(append_one(&client, "cart-1", StreamState::Any).await, Err(Error::ResourceDeleted)));
    let mut read = client.read_stream("cart-1", &Default::default()).await.unwrap();
    assert!(matches!(read.next().await, Err(Error::ResourceDeleted)));
}

#[tokio::test]
async fn it_finds_the_leader_among_the_nodes_by_their_gossip() {
    let (seed, leader) = (Server::start().await, Server::start().await);
    let address = leader.double.address();
    for server in [&seed, &leader] {
        server.double.set_members(vec![eventstoredb_double::wire::MemberInfo::leader("127.0.0.1", address.port())]);
    }
    let url = format!("esdb://{},{}?tls=false&nodePreference=leader", seed.double.address(), seed.double.address());
    let client = Client::new(url.parse().unwrap()).unwrap();
    append_one(&client, "cart-1", StreamState::NoStream).await.unwrap();
    assert_eq!(everything(&*leader.log()).await.len(), 1);
    assert_eq!(everything(&*seed.log()).await.len(), 0);
}
