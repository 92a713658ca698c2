//! Which leaf stands for which event of the log, and up to where the log goes at a time.

use super::walk::places;
use super::{Part, Tree, TreeError};
use crate::builder::latest;
use crate::span::{Place, SPAN};
use domain::Timestamp;
use eventlog::Position;

/// Up to where the log goes at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// How many leaves there are up to there.
    pub leaves: u64,
    /// Of the last one's event.
    pub position: Position,
}

impl Tree {
    /// What is kept of a leaf.
    ///
    /// # Errors
    /// [`TreeError::NoSuchLeaf`].
    pub async fn place(&self, index: u64) -> Result<Place, TreeError> {
        let size = self.size().await?;
        if index >= size {
            return Err(TreeError::NoSuchLeaf { index, size });
        }
        let places = places(&*self.store, index / SPAN, index + 1).await?;
        places.last().copied().ok_or(TreeError::Malformed(Part::Span(index / SPAN)))
    }

    /// The record of a leaf, made anew from its event.
    ///
    /// # Errors
    /// [`TreeError::NoSuchLeaf`]; [`TreeError::Differs`] where the log is not what it was.
    pub async fn record(&self, index: u64) -> Result<Vec<u8>, TreeError> {
        let size = self.size().await?;
        if index >= size {
            return Err(TreeError::NoSuchLeaf { index, size });
        }
        let mut found = None;
        self.walk(index / SPAN, index + 1, &mut |walked| found = Some(walked.record)).await?;
        found.ok_or(TreeError::Malformed(Part::Span(index / SPAN)))
    }

    /// How many leaves the tree has of events up to the position, and at it.
    ///
    /// # Errors
    /// The store's.
    pub async fn leaves_up_to(&self, position: Position) -> Result<u64, TreeError> {
        let size = self.size().await?;
        let Some(row) = self.store.span_at(position).await? else { return Ok(0) };
        let places = row.places().ok_or(TreeError::Malformed(Part::Span(row.number)))?;
        let within = places.partition_point(|place| place.position <= position) as u64;
        Ok((row.number * SPAN + within).min(size))
    }

    /// The leaf of the event at the position. `None`: none stands there, it has none, or the tree has not come there yet.
    ///
    /// # Errors
    /// The store's.
    pub async fn leaf_at(&self, position: Position) -> Result<Option<u64>, TreeError> {
        let Some(index) = self.leaves_up_to(position).await?.checked_sub(1) else { return Ok(None) };
        Ok((self.place(index).await?.position == position).then_some(index))
    }

    /// Up to where the log goes at the time: the last event with a leaf such that neither it nor any before it says that it happened
    /// later. Clocks that were wrong and events that say no time move nothing back. `None`: the very first happened later, or there is
    /// none.
    ///
    /// # Errors
    /// [`TreeError::Differs`] where the log is not what it was.
    pub async fn as_of(&self, time: Timestamp) -> Result<Option<AsOf>, TreeError> {
        let size = self.size().await?;
        let row = self.store.span_after(time).await?.filter(|row| row.number * SPAN < size);
        let leaves = match row {
            None => size,
            Some(row) => self.not_after(time, row.number, size).await?,
        };
        match leaves.checked_sub(1) {
            None => Ok(None),
            Some(last) => Ok(Some(AsOf { leaves, position: self.place(last).await?.position })),
        }
    }

    /// What time it is at the position: the latest that its event says, or any before it, of those that have leaves. `None`: none says any.
    ///
    /// # Errors
    /// [`TreeError::Differs`] where the log is not what it was.
    pub async fn moment(&self, position: Position) -> Result<Option<Timestamp>, TreeError> {
        let Some(last) = self.leaves_up_to(position).await?.checked_sub(1) else { return Ok(None) };
        let span = last / SPAN;
        let mut maximum = match span.checked_sub(1) {
            None => None,
            Some(before) => self.store.span(before).await?.ok_or(TreeError::Lacks(Part::Span(before)))?.latest,
        };
        self.walk(span, last + 1, &mut |walked| maximum = latest(maximum, walked.counted.said.occurred_at)).await?;
        Ok(maximum)
    }

    /// The leaves before the first one that is later, which stands in the span, if the tree of that size has it. No span before it has
    /// one, so that what their latest is need not be known.
    async fn not_after(&self, time: Timestamp, span: u64, size: u64) -> Result<u64, TreeError> {
        let (mut leaves, end) = (span * SPAN, size.min((span + 1) * SPAN));
        let mut within = None;
        self.walk(span, end, &mut |walked| {
            within = latest(within, walked.counted.said.occurred_at);
            leaves += u64::from(within <= Some(time));
        })
        .await?;
        Ok(leaves)
    }
}
