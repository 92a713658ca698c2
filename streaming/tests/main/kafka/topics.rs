//! Topics that are not as they must be, or have lost what was in them.

use super::*;
use cartlog_streaming::testing::delete_topic;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap()
}

async fn make_topic(name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    let topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
    for made in admin().create_topics([&topic], &AdminOptions::new()).await.unwrap() {
        made.unwrap();
    }
}

/// What stops the forwarder for good.
async fn stops(log: &Arc<MemoryLog>, options: &ForwarderOptions) -> String {
    let (_, _, task) = running(log, options);
    match task.await.unwrap().unwrap_err() {
        ForwardError::Topics(trouble) => trouble.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_would_lose_or_mix_up_events_are_refused_by_name() {
    let position = |options: &ForwarderOptions| format!("{}.forwarder", options.prefix);
    let cart = |options: &ForwarderOptions| options.topic(domain::Category::Cart);
    type NameOf = fn(&ForwarderOptions) -> String;
    let cases: [(NameOf, i32, &str, &str); 3] = [
        (position, 3, "compact", "has 3 partitions"),
        (position, 1, "delete", "cleanup.policy=delete"),
        (cart, 2, "compact", "cleanup.policy=compact"),
    ];
    let log = log_of(1, 3).await;
    for (name, partitions, policy, reason) in cases {
        let options = options();
        make_topic(&name(&options), partitions, &[("cleanup.policy", policy)]).await;
        let stopped = stops(&log, &options).await;
        assert!(stopped.contains(&name(&options)) && stopped.contains(reason), "{stopped}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_deleted_stops_it_and_is_filled_alone() {
    let (log, options) = (log_of(2, 5).await, options());
    forward_all(&log, &options).await;
    let topic = options.topic(domain::Category::Cart);
    delete_topic(&brokers(), &topic).await;
    append(log.as_ref(), 2, 5..7).await;
    let stopped = stops(&log, &options).await;
    assert!(stopped.contains(&format!("cartlog kafka forward --topic {topic} --from 0")), "{stopped}");
    // Somebody's client made it again, as brokers do that make what is asked for: that brings nothing back.
    make_topic(&topic, options.partitions, &[]).await;
    assert!(stops(&log, &options).await.contains(&topic));
    let fill = |from| refill(log.as_ref(), options.clone(), domain::Category::Cart, from, |_| ());
    assert_eq!(fill(Some(Position::START)).await.unwrap(), 10, "as far as it had been forwarded");
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
    let again = fill(Some(Position::START)).await.unwrap_err().to_string();
    assert!(again.contains("holds events already"), "{again}");
    assert!(fill(None).await.unwrap_err().to_string().contains("--from 0"));
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_deleted_while_it_is_written_to_stops_it() {
    let (log, options) = (log_of(1, 5).await, options());
    let (forwarder, _stop, task) = running(&log, &options);
    caught_up(&forwarder, &log).await;
    let topic = options.topic(domain::Category::Cart);
    delete_topic(&brokers(), &topic).await;
    make_topic(&topic, options.partitions, &[]).await;
    append(log.as_ref(), 1, 5..6).await;
    let stopped = task.await.unwrap().unwrap_err().to_string();
    assert!(stopped.contains(&topic), "{stopped}");
    assert!(committed(&options).is_empty(), "what was written meanwhile was given up");
    refill(log.as_ref(), options.clone(), domain::Category::Cart, Some(Position::START), |_| ()).await.unwrap();
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refill_that_broke_off_is_gone_on_with_and_nothing_is_forwarded_before() {
    let (log, options) = (log_of(2, 3_000).await, options());
    forward_all(&log, &options).await;
    delete_topic(&brokers(), &options.topic(domain::Category::Cart)).await;
    let fill = |from| refill(log.as_ref(), options.clone(), domain::Category::Cart, from, |_| ());
    // Given up once something of it was committed: what is under way then is finished, or never was.
    {
        let first = fill(Some(Position::START));
        tokio::pin!(first);
        std::future::poll_fn(|context| {
            let _ = first.as_mut().poll(context);
            match committed_count(&options) > 0 {
                true => std::task::Poll::Ready(()),
                false => {
                    context.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
            }
        })
        .await;
    }
    assert!(stops(&log, &options).await.contains("is being filled anew"));
    assert!(fill(Some(Position::START)).await.unwrap_err().to_string().contains("leave --from out"));
    fill(None).await.unwrap();
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
}

/// Whether the carts' topic is there, and has something.
fn committed_count(options: &ForwarderOptions) -> i64 {
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let topic = options.topic(domain::Category::Cart);
    let ends = (0..options.partitions).map(|partition| {
        consumer.fetch_watermarks(&topic, partition, Duration::from_secs(5)).map_or(0, |(_, end)| end)
    });
    ends.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_was_lost_is_found_again_and_nothing_is_doubled() {
    let (log, options) = (log_of(2, 5).await, options());
    forward_all(&log, &options).await;
    delete_topic(&brokers(), &format!("{}.forwarder", options.prefix)).await;
    append(log.as_ref(), 2, 5..7).await;
    let stopped = stops(&log, &options).await;
    assert!(stopped.contains("cartlog kafka forward --resume"), "{stopped}");
    assert_eq!(resume(log.as_ref(), options.clone()).await.unwrap(), Position(10));
    forward_all(&log, &options).await;
    assert_once_and_in_order(&log, &options).await;
    let known = resume(log.as_ref(), options).await.unwrap_err().to_string();
    assert!(known.contains("nothing to find"), "{known}");
}
