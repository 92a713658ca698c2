//! The history of one object, read from the log: as it is stored, what it means, and whether it is whole.

use super::chain::ChainCheck;
use super::report::{By, Chain, HistoryEntry};
use super::witnesses::Witnesses;
use ::audit::{Amounts, Kind, ObjectFold, currency_in, happened};
use anyhow::{Context, Result, bail};
use domain::{Category, Currency};
use eventlog::{RecordedEvent, StreamName};
use journal::{Actor, Envelope, Journal, JournalError, Tail, Unreadable};
use serde_json::Value;
use vault::Vault;
use vault::behind::{self, Behind};

/// Events that are read at once.
const PAGE: usize = 500;

/// Reads one history, page by page.
pub struct Historian<'a> {
    journal: &'a Journal,
    vault: &'a dyn Vault,
    stream: StreamName,
    amounts: Amounts,
    /// `None`: what the stream holds is none of the objects that views show.
    fold: Option<ObjectFold>,
    read: u64,
    chain: ChainCheck,
}

impl<'a> Historian<'a> {
    /// # Errors
    /// The log has no such object, or can't be read.
    pub async fn begin(witnesses: &'a Witnesses, stream: StreamName) -> Result<Self> {
        let journal = &witnesses.journal;
        // Before anything is read: what comes meanwhile is in what is read.
        let (seen, not_asked) = witnesses.of(&stream).await;
        let was_there = seen.iter().any(|seen| seen.revision.is_some());
        let first = journal.log().read_stream(&stream, 0, 1).await?;
        if first.is_empty() && !was_there {
            let (category, id) = stream.as_str().split_once('-').unwrap_or((stream.as_str(), ""));
            bail!(
                "the log has no {} {id}; `cartlog audit history --help` shows how objects are named",
                category.replace('_', " ")
            );
        }
        let amounts = Amounts::of(currency(journal, &stream).await?);
        let category = Category::of_stream(stream.as_str()).map(|(category, _)| category);
        let kind = Kind::ALL.into_iter().find(|kind| Some(kind.category()) == category);
        let fold = kind.map(ObjectFold::of);
        let vault = witnesses.vault.as_ref();
        Ok(Self { journal, vault, stream, amounts, fold, read: 0, chain: ChainCheck::with(seen, not_asked) })
    }

    /// The next events; empty at the end.
    pub async fn next_page(&mut self) -> Result<Vec<HistoryEntry>> {
        let recorded = self.journal.log().read_stream(&self.stream, self.read, PAGE).await?;
        let read = self.understand(&recorded).await?;
        self.read = recorded.last().map_or(self.read, |last| last.revision + 1);
        let mut behind = self.behind(&read).await?.into_iter();
        let mut entries = Vec::with_capacity(recorded.len());
        for (recorded, read) in recorded.iter().zip(read) {
            let by = if read.is_ok() { behind.next().map(By::from) } else { None };
            entries.push(HistoryEntry { by, ..self.entry(recorded, read)? });
        }
        Ok(entries)
    }

    /// Of those that can be read: whom they were done for. All of a stream are one store's.
    async fn behind(&self, read: &[Result<Envelope, Box<Unreadable>>]) -> Result<Vec<Behind>> {
        let readable: Vec<_> = read.iter().flatten().map(|envelope| &envelope.metadata).collect();
        match readable.first() {
            Some(first) => Ok(behind::behind(self.vault, first.store_id, &readable).await?),
            None => Ok(Vec::new()),
        }
    }

    /// What vouches for what was read, and what speaks against it.
    pub fn finish(self) -> Chain {
        self.chain.finish()
    }

    /// What the events mean, each alone where one of them can't be read.
    async fn understand(&self, recorded: &[RecordedEvent]) -> Result<Vec<Result<Envelope, Box<Unreadable>>>> {
        let from = |length| Tail { length, last_hash: None };
        match self.journal.read_stream(&self.stream, from(self.read), recorded.len()).await {
            Ok(slice) => return Ok(slice.events.into_iter().map(Ok).collect()),
            Err(JournalError::Unreadable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut read = Vec::with_capacity(recorded.len());
        for event in recorded {
            match self.journal.read_stream(&self.stream, from(event.revision), 1).await {
                Ok(slice) => read.extend(slice.events.into_iter().map(Ok)),
                Err(JournalError::Unreadable(unreadable)) => read.push(Err(unreadable)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(read)
    }

    fn entry(&mut self, recorded: &RecordedEvent, read: Result<Envelope, Box<Unreadable>>) -> Result<HistoryEntry> {
        let unreadable = read.as_ref().err().map(|unreadable| unreadable.reason.to_string());
        let hash = self.chain.take(recorded, unreadable.as_deref()).to_string();
        let stored = || serde_json::from_slice(&recorded.data).unwrap_or(Value::Null);
        let recorded_at = domain::Timestamp::from(recorded.recorded_at).to_string();
        let mut entry = HistoryEntry {
            revision: recorded.revision,
            position: recorded.position.0,
            event_id: recorded.id.to_string(),
            event_type: recorded.event_type.to_string(),
            happened: String::new(),
            changes: None,
            occurred_at: None,
            recorded_at,
            actor: None,
            by: None,
            request_id: None,
            causation_id: None,
            hash,
            data: Value::Null,
        };
        match read {
            Err(unreadable) => {
                entry.happened = format!("can't be read: {}", unreadable.reason);
                entry.data = stored();
            }
            Ok(envelope) => {
                entry.happened = happened(&envelope.event, self.amounts);
                entry.changes = self.fold.as_mut().and_then(|fold| fold.take(&envelope));
                entry.occurred_at = Some(envelope.metadata.occurred_at.to_string());
                entry.actor = Some(by_whom(envelope.metadata.actor));
                entry.data = envelope.open_data().context("an event can't be shown")?;
                entry.causation_id = envelope.metadata.causation_id.map(|id| id.to_string());
                entry.request_id = envelope.metadata.request_id;
            }
        }
        Ok(entry)
    }
}

pub(super) fn by_whom(actor: Actor) -> String {
    match actor {
        Actor::Token(id) => format!("token {id}"),
        Actor::Anonymous => "a client without a token".to_owned(),
        Actor::System => "system".to_owned(),
    }
}

/// The currency that the object's amounts are in; a cart's is its customer's.
async fn currency(journal: &Journal, stream: &StreamName) -> Result<Option<Currency>> {
    let (stream, newest_first) = match Category::of_stream(stream.as_str()) {
        Some((Category::Cart, customer)) => (StreamName::new(Category::Customer.stream(customer)), true),
        Some((Category::Invoice | Category::GiftCard | Category::Credit | Category::Customer, _)) => {
            (stream.clone(), false)
        }
        Some((Category::Store | Category::Product | Category::Order | Category::Coupon | Category::Claim, _))
        | None => {
            return Ok(None);
        }
    };
    let mut found = None;
    let mut from = Tail::default();
    loop {
        let slice = match journal.read_stream(&stream, from, PAGE).await {
            Ok(slice) => slice,
            // Then amounts are shown without it.
            Err(JournalError::Unreadable(_)) => return Ok(found),
            Err(error) => return Err(error.into()),
        };
        let read = slice.events.len();
        found = slice.events.iter().filter_map(|envelope| currency_in(&envelope.event)).next_back().or(found);
        from = slice.tail;
        if read < PAGE || (found.is_some() && !newest_first) {
            return Ok(found);
        }
    }
}
