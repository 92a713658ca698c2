//! Subscriptions to `$all`: a confirmation, catch-up, a checkpoint and 'caught up' on going live, then what comes; with a
//! filter also a checkpoint each time so many records were looked at.

use crate::faults::{Turn, drip};
use crate::filter::Filter;
use crate::log::{Record, Run};
use crate::read::{Encoder, Gone};
use crate::service::Context;
use crate::wire::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tonic::Status;

pub(crate) fn start(
    context: Context,
    all: AllOptions,
    options: ReadOptions,
    answers: mpsc::Sender<Result<ReadResp, Status>>,
) -> Result<(), Status> {
    let filter = Filter::of(options.filter)?;
    let log = &context.shared.log;
    let readable = log.readable();
    // Exclusive, unlike a read's.
    let (after, next) = match all.position {
        Some(AllOption::Start(_)) | None => (None, 0),
        Some(AllOption::End(_)) => (None, *readable.borrow()),
        Some(AllOption::Position(position)) => {
            let from = log.index_from(position).map_err(|_| invalid_position())?;
            let is_at_it = log.record(from).is_some_and(|record| Position::of(record.position) == position);
            (Some(position), if is_at_it { from + 1 } else { from })
        }
    };
    context.shared.subscriptions.send_modify(|asked| asked.push(after));
    let turns = context.shared.faults.take_subscription().unwrap_or_default();
    let encoder = Encoder::new(options.uuid_option);
    let subscriber = Subscriber { context, filter, encoder, answers, readable, next, after, looked_at: 0, live: false };
    tokio::spawn(subscriber.run(turns));
    Ok(())
}

fn invalid_position() -> Status {
    Status::invalid_argument("Trying to read from an invalid position.")
}

struct Subscriber {
    context: Context,
    filter: Filter,
    encoder: Encoder,
    answers: mpsc::Sender<Result<ReadResp, Status>>,
    readable: watch::Receiver<usize>,
    /// The index of the record to look at next.
    next: usize,
    /// Up to where everything that matches was sent.
    after: Option<Position>,
    /// How many records since the last checkpoint.
    looked_at: u64,
    live: bool,
}

impl Subscriber {
    async fn run(mut self, turns: Vec<Turn>) {
        // It ends because the client went away, or because it was told to.
        let _ = self.follow(turns).await;
    }

    async fn follow(&mut self, turns: Vec<Turn>) -> Result<(), Gone> {
        let subscription_id = uuid::Uuid::now_v7().to_string();
        self.say(ReadContent::Confirmation(SubscriptionConfirmation { subscription_id })).await?;
        for turn in turns {
            self.take(turn).await?;
        }
        loop {
            self.step().await?;
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<(), Gone> {
        match turn {
            Turn::Events(count) => {
                let mut sent = 0;
                while sent < count {
                    sent += usize::from(self.step().await?);
                }
                Ok(())
            }
            Turn::CatchUp => {
                while !self.live {
                    self.step().await?;
                }
                Ok(())
            }
            Turn::Checkpoint(position) => self.say(checkpoint(position)).await,
            Turn::Say(content) => self.answers.send(Ok(ReadResp { content })).await.map_err(|_| Gone),
            Turn::End => Err(Gone),
            Turn::Refuse(status) => {
                let _ = self.answers.send(Err(status)).await;
                Err(Gone)
            }
            Turn::Cut => self.context.cut().await,
            Turn::Silence => {
                self.answers.closed().await;
                Err(Gone)
            }
            Turn::Drip => {
                drip(&self.answers).await;
                Err(Gone)
            }
        }
    }

    /// Looks at the next record, or waits for one; says whether it was sent.
    async fn step(&mut self) -> Result<bool, Gone> {
        let at_once = self.filter.checkpoint_interval.map_or(1, |interval| interval - self.looked_at);
        match self.context.shared.log.run(self.next, at_once as usize) {
            Run::Foreign { count, last, end } if self.filter.passes_stretches_over() => {
                self.context.scan(count).await;
                self.next += count;
                self.looked_at += count as u64;
                self.checkpoint_if_due(last, end).await?;
                return Ok(false);
            }
            Run::Foreign { .. } | Run::Records(_) => {}
        }
        let Some(record) = self.context.shared.log.record(self.next) else {
            if self.live {
                self.wait().await?;
            } else {
                self.go_live().await?;
            }
            return Ok(false);
        };
        self.next += 1;
        self.look_at(record).await
    }

    async fn look_at(&mut self, record: Arc<Record>) -> Result<bool, Gone> {
        let matches = self.filter.allows(&record);
        if matches {
            self.say(self.encoder.event(&record)).await?;
            self.after = Some(Position::of(record.position));
        }
        self.looked_at += 1;
        self.context.shared.looked_at.fetch_add(1, Ordering::Relaxed);
        self.checkpoint_if_due(record.position, record.end()).await?;
        Ok(matches)
    }

    async fn checkpoint_if_due(&mut self, last: u64, end: u64) -> Result<(), Gone> {
        if self.filter.checkpoint_interval.is_some_and(|interval| self.looked_at >= interval) {
            self.looked_at = 0;
            // In catch-up the true server gives where it reads on, which is no event's position.
            let reached = match self.live {
                true => Position::of(last),
                false => Position { commit_position: end, prepare_position: 0 },
            };
            self.after = Some(reached);
            self.say(checkpoint(reached)).await?;
        }
        Ok(())
    }

    async fn go_live(&mut self) -> Result<(), Gone> {
        self.live = true;
        if let Some(reached) = self.after.filter(|_| self.filter.checkpoint_interval.is_some()) {
            self.say(checkpoint(reached)).await?;
        }
        let caught_up = CaughtUp { timestamp: Some(now()), stream_revision: None, position: self.after };
        self.say(ReadContent::CaughtUp(caught_up)).await
    }

    async fn wait(&mut self) -> Result<(), Gone> {
        let next = self.next;
        tokio::select! {
            readable = self.readable.wait_for(|&readable| readable > next) => readable.map(drop).map_err(|_| Gone),
            () = self.answers.closed() => Err(Gone),
        }
    }

    async fn say(&mut self, content: ReadContent) -> Result<(), Gone> {
        self.answers.send(Ok(ReadResp { content: Some(content) })).await.map_err(|_| Gone)
    }
}

fn checkpoint(position: Position) -> ReadContent {
    let Position { commit_position, prepare_position } = position;
    ReadContent::Checkpoint(Checkpoint { commit_position, prepare_position, timestamp: Some(now()) })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() as i32 }
}
