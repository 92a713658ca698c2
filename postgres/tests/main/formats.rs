//! Nodes of two versions on one database: the earlier is refused, and never meets what it can't read.

use crate::soon;
use postgres::testing::{Scratch, url};
use postgres::{Candidate, Database, DatabaseError, DatabaseOptions, LeadershipStatus, Pace, Refusal, Role};
use std::time::Duration;

async fn of_format(scratch: &Scratch, format: i32) -> Result<Database, DatabaseError> {
    Database::open(&url(), DatabaseOptions { format, ..scratch.options() }).await
}

fn refusal<T>(outcome: Result<T, DatabaseError>) -> String {
    match outcome {
        Err(DatabaseError::Refused(refusal)) => refusal.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_format_is_announced_earlier_versions_are_refused() {
    let scratch = Scratch::default();
    let earlier = of_format(&scratch, 2).await.expect("opens");
    let newer = of_format(&scratch, 3).await.expect("looking changes nothing");
    for _ in 0..2 {
        of_format(&scratch, 2).await.expect("opens still").announce().await.expect("announced");
    }
    newer.announce().await.expect("announced");
    let said = refusal(of_format(&scratch, 2).await);
    assert!(said.contains("format 3") && said.contains("up to 2"), "{said}");
    let said = refusal(earlier.announce().await);
    assert!(said.contains("newer version"), "{said}");
    of_format(&scratch, 3).await.expect("opens").announce().await.expect("announced already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_knows_of_no_formats_is_refused_by_its_own_check() {
    let scratch = Scratch::default();
    let database = of_format(&scratch, 2).await.expect("opens");
    database.announce().await.expect("announced");
    // What it compares: the steps that were done with those that it knows, which is one.
    let mut connection = database.connect().await.expect("connected");
    let steps = sqlx::query_scalar("SELECT version FROM leaders_migrations ORDER BY version");
    let steps: Vec<i64> = steps.fetch_all(&mut connection).await.expect("found");
    assert_eq!(steps, [1, 2]);
}

/// One that began to lead in a role while the format was announced that nobody had led in before.
#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_node_that_leads_all_the_same_loses_the_lead() {
    let scratch = Scratch::default();
    of_format(&scratch, 1).await.expect("opens").announce().await.expect("announced");
    let earlier = of_format(&scratch, 1).await.expect("opens");
    let pace = Pace { heartbeat: Duration::from_millis(50), ..Pace::default() };
    let lease = soon(Candidate::new(earlier, [Role::Work], "earlier").pace(pace).lead()).await;
    scratch.execute("INSERT INTO formats (format) VALUES (2)").await;
    soon(lease.lost().cancelled()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_announced_while_an_earlier_node_leads_and_afterwards_it_leads_no_more() {
    let scratch = Scratch::default();
    let mut earlier = Candidate::new(of_format(&scratch, 1).await.expect("opens"), [Role::Work], "earlier");
    let lease = soon(earlier.lead()).await;
    let newer = of_format(&scratch, 2).await.expect("opens");
    let announcing = tokio::spawn({
        let newer = newer.clone();
        async move { newer.announce().await }
    });
    let said = refusal(announcing.await.expect("it does not break off"));
    assert!(said.contains("earlier version") && said.contains("'work'"), "{said}");
    of_format(&scratch, 1).await.expect("nothing was announced");
    drop(lease);
    newer.announce().await.expect("announced");
    let mut standing = earlier.standing();
    let hindered = |standing: &LeadershipStatus| matches!(standing, LeadershipStatus::Hindered(_));
    tokio::select! {
        _ = earlier.lead() => panic!("it leads"),
        found = soon(standing.wait_for(hindered)) => match &*found.expect("a candidate") {
            LeadershipStatus::Hindered(DatabaseError::Refused(Refusal::NewerFormat { .. })) => {}
            other => panic!("{other:?}"),
        },
    };
}
