//! One leads; when it is gone, another one does.

use crate::soon;
use postgres::testing::{Network, Proxy, Scratch, url};
use postgres::{Candidate, Database, DatabaseError, DatabaseOptions, HeldRole, LeadershipStatus, Lease, Pace, Role};
use sqlx::{Connection, PgConnection};
use std::time::Duration;

/// As by default, only faster.
const FAST: Pace = Pace {
    poll: Duration::from_millis(20),
    heartbeat: Duration::from_millis(100),
    patience: Duration::from_millis(500),
    silence: Duration::from_millis(1_000),
};

async fn candidate(scratch: &Scratch, node: &str) -> Candidate {
    Candidate::new(scratch.database().await, [carts()], node).pace(FAST)
}

fn view(name: &'static str, version: u32) -> Role {
    Role::View { name: name.into(), version }
}

fn carts() -> Role {
    view("carts", 3)
}

/// Of a lease in one role.
fn epoch(lease: &Lease) -> i64 {
    let held = lease.held().borrow().clone();
    let [HeldRole { epoch, .. }] = held[..] else { panic!("{held:?}") };
    epoch
}

/// Waits until it has asked for the lead and not got it.
async fn waits(candidate: &mut Candidate) -> Option<String> {
    let mut standing = candidate.standing();
    let waits = |standing: &LeadershipStatus| matches!(standing, LeadershipStatus::Waiting { .. });
    tokio::select! {
        _ = candidate.lead() => panic!("it leads"),
        found = soon(standing.wait_for(waits)) => match &*found.expect("a candidate") {
            LeadershipStatus::Waiting { leader } => leader.clone(),
            other => panic!("{other:?}"),
        },
    }
}

/// What the server does in this schema and waits for a lock with.
async fn until_somebody_waits_for_a_lock(scratch: &Scratch) {
    let waiting = format!(
        "SELECT 'one' FROM pg_stat_activity WHERE application_name = '{}' AND wait_event_type = 'Lock'",
        scratch.schema
    );
    let mut connection = scratch.connection().await;
    soon(async {
        while sqlx::query(sqlx::AssertSqlSafe(waiting.clone()))
            .fetch_all(&mut connection)
            .await
            .expect("found")
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_leads_at_a_time_and_each_leader_has_a_larger_epoch() {
    let scratch = Scratch::default();
    let (mut one, mut two) = (candidate(&scratch, "one").await, candidate(&scratch, "two").await);
    let first = soon(one.lead()).await;
    assert_eq!(waits(&mut two).await.as_deref(), Some("one"));
    assert_eq!(epoch(&first), 1);
    drop(first);
    let second = soon(two.lead()).await;
    assert_eq!(epoch(&second), 2);
    assert_eq!(waits(&mut one).await.as_deref(), Some("two"));
    assert!(!second.lost().is_cancelled());
    assert_eq!(scratch.texts("SELECT role || ' ' || node || ' ' || epoch FROM leaders").await, ["view carts 3 two 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_schemas_are_led_apart() {
    let (scratch, other) = (Scratch::default(), Scratch::default());
    let mut leases: Vec<Lease> = Vec::new();
    for scratch in [&scratch, &other] {
        for role in [view("carts", 3), view("carts", 4), Role::Stream, Role::Work] {
            leases.push(soon(Candidate::new(scratch.database().await, [role], "one").pace(FAST).lead()).await);
        }
    }
    assert!(leases.iter().all(|lease| epoch(lease) == 1 && !lease.lost().is_cancelled()));
}

/// As of nodes of one version that start together.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_candidates_for_the_same_roles_one_leads_in_all() {
    let scratch = Scratch::default();
    let roles = || (1..20).map(|version| view("carts", version));
    for round in 1..10 {
        let mut candidates = Vec::new();
        for node in ["one", "two", "three"] {
            candidates.push(Candidate::new(scratch.database().await, roles(), node).pace(FAST));
        }
        let trying = candidates.iter_mut().map(|candidate| Box::pin(candidate.lead()));
        let (lease, _, _) = soon(futures::future::select_all(trying)).await;
        let held = lease.held().borrow().clone();
        assert_eq!(held.len(), 19);
        assert!(held.iter().all(|held| held.epoch == round), "{held:?}");
    }
    // It is by this that they don't take some each.
    let mut asking = scratch.connection().await;
    let lock = "SELECT pg_advisory_lock(hashtextextended('cartlog/' || current_schema() || '/asking', 0))";
    sqlx::query(lock).execute(&mut asking).await.expect("locked");
    let mut candidate = Candidate::new(scratch.database().await, roles(), "four").pace(FAST);
    waits(&mut candidate).await;
    drop(asking);
    assert_eq!(soon(candidate.lead()).await.held().borrow().len(), 19);
}

/// As of nodes of two versions: each knows a view that the other doesn't.
#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_leads_in_what_is_free_and_takes_the_rest_once_it_is() {
    let scratch = Scratch::default();
    let (both, olds, news) = (view("carts", 3), view("products", 1), view("products", 2));
    let database = scratch.database().await;
    let mut old = Candidate::new(database.clone(), [both.clone(), olds.clone()], "old").pace(FAST);
    let mut new = Candidate::new(database.clone(), [both.clone(), news.clone()], "new").pace(FAST);
    let old_leads = soon(old.lead()).await;
    let new_leads = soon(new.lead()).await;
    let held = |role: &Role, epoch| HeldRole { role: role.clone(), epoch };
    assert_eq!(*old_leads.held().borrow(), [held(&both, 1), held(&olds, 1)]);
    assert_eq!(*new_leads.held().borrow(), [held(&news, 1)]);
    assert_eq!(*new.standing().borrow(), LeadershipStatus::Leading { held: vec![held(&news, 1)], others: 1 });
    assert!(soon(database.unled(&olds)).await.expect("an answer").is_none(), "somebody leads");
    drop(old_leads);
    let mut now_held = new_leads.held();
    soon(now_held.changed()).await.expect("it leads still");
    assert_eq!(*now_held.borrow(), [held(&news, 1), held(&both, 2)]);
    assert_eq!(
        *new.standing().borrow(),
        LeadershipStatus::Leading { held: vec![held(&news, 1), held(&both, 2)], others: 0 }
    );
    assert!(!new_leads.lost().is_cancelled());
    let nobody = soon(database.unled(&olds)).await.expect("an answer").expect("nobody leads");
    let again = soon(old.lead());
    tokio::pin!(again);
    assert!(futures::poll!(&mut again).is_pending());
    drop(nobody);
    assert_eq!(*again.await.held().borrow(), [held(&olds, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_session_ends_knows_and_another_one_leads() {
    let scratch = Scratch::default();
    let (mut one, mut two) = (candidate(&scratch, "one").await, candidate(&scratch, "two").await);
    let first = soon(one.lead()).await;
    let end = "SELECT pg_terminate_backend(l.pid)::text FROM pg_locks l JOIN pg_stat_activity a USING (pid)
               WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = current_schema()";
    assert_eq!(scratch.texts(end).await, ["true"]);
    soon(first.lost().cancelled()).await;
    let second = soon(two.lead()).await;
    assert_eq!(epoch(&second), 2);
}

/// Nobody is told that a network is cut: the leader stops by itself, and the server lets another one lead by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_cut_off_stops_and_another_one_leads() {
    let (scratch, proxy) = (Scratch::default(), Proxy::to(&url()).await);
    let mut two = candidate(&scratch, "two").await;
    let far = Database::open(&proxy.url, scratch.options()).await.expect("opens");
    let mut one = Candidate::new(far, [carts()], "one").pace(FAST);
    let first = soon(one.lead()).await;
    waits(&mut two).await;
    proxy.be(Network::Silent);
    let second = soon(two.lead()).await;
    assert_eq!(epoch(&second), 2);
    soon(first.lost().cancelled()).await;
    assert!(!second.lost().is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_leads_once_the_server_is_back_and_says_meanwhile_what_hinders_it() {
    let (scratch, proxy) = (Scratch::default(), Proxy::to(&url()).await);
    let options = DatabaseOptions { acquire_timeout: Duration::from_millis(200), ..scratch.options() };
    let database = Database::open(&proxy.url, options).await.expect("opens");
    let mut candidate = Candidate::new(database, [Role::Work], "one").pace(FAST);
    proxy.be(Network::Down);
    let mut standing = candidate.standing();
    let leading = tokio::spawn(async move { candidate.lead().await });
    let is_hindered =
        |standing: &LeadershipStatus| matches!(standing, LeadershipStatus::Hindered(DatabaseError::Unavailable(_)));
    soon(standing.wait_for(is_hindered)).await.expect("a candidate");
    proxy.be(Network::Well);
    let _lease = soon(leading).await.expect("no panic");
    assert_eq!(
        *standing.borrow(),
        LeadershipStatus::Leading { held: vec![HeldRole { role: Role::Work, epoch: 1 }], others: 0 }
    );
}

/// What a leader writes is checked under a lock, so that nobody takes over in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_waits_for_what_the_leader_before_has_in_flight() {
    let scratch = Scratch::default();
    let (mut one, mut two) = (candidate(&scratch, "one").await, candidate(&scratch, "two").await);
    let first = soon(one.lead()).await;
    let mut connection = scratch.connection().await;
    let mut writing = connection.begin().await.expect("begun");
    fence(&mut writing).await;
    drop(first);
    let taking = tokio::spawn(async move { two.lead().await });
    until_somebody_waits_for_a_lock(&scratch).await;
    assert!(!taking.is_finished());
    writing.commit().await.expect("committed");
    assert_eq!(epoch(&soon(taking).await.expect("no panic")), 2);
}

/// One that began to write and is heard of no more does not hold the others up.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_left_open_is_ended_by_the_server() {
    let scratch = Scratch::default();
    let (mut one, mut two) = (candidate(&scratch, "one").await, candidate(&scratch, "two").await);
    let first = soon(one.lead()).await;
    let options = DatabaseOptions { idle_in_transaction_timeout: Duration::from_millis(300), ..scratch.options() };
    let mut connection = Database::open(&url(), options).await.expect("opens").connect().await.expect("connected");
    let mut writing = connection.begin().await.expect("begun");
    fence(&mut writing).await;
    drop(first);
    assert_eq!(epoch(&soon(two.lead()).await), 2);
    writing.commit().await.expect_err("ended by the server");
}

async fn fence(connection: &mut PgConnection) {
    let select = "SELECT 1 FROM leaders WHERE role = 'view carts 3' AND epoch = 1 FOR SHARE";
    sqlx::query(select).fetch_one(connection).await.expect("it leads");
}

/// A kill, or a cut network: whichever of the two a node that is gone has left behind, the server forgets in time.
#[test]
fn by_default_another_one_leads_within_five_seconds() {
    let (pace, options) = (Pace::default(), DatabaseOptions::default());
    let poll = pace.poll.mul_f64(1.1);
    assert!(pace.silence + poll < Duration::from_secs(5));
    assert!(options.idle_in_transaction_timeout + poll < Duration::from_secs(5));
    // And the one that was cut off knows by then.
    assert!(pace.heartbeat + pace.patience <= pace.silence);
}
