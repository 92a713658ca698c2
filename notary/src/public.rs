//! What a stranger is told of the log: its incarnations and their keys, checkpoints, tiles, and proofs.
//!
//! What lives here: which of it may be said. What doesn't: HTTP, and who asks. The guarantee: nothing is said of a tree beyond the last
//! checkpoint that was published of the incarnation that is asked for, and nothing of a tree that is not the one which was signed: what
//! strangers fetch fits what they were told before, or is not there.

use crate::error::{Head, NotaryError};
use crate::name::LogName;
use eventlog::{LogId, Position};
use proof::checkpoint::Checkpoint;
use proof::keys::{KeyName, Seed, VerifierKey};
use proof::note::{Note, Signer};
use proof::tiles::Tile;
use proof::tlog_proof::TlogProof;
use std::sync::Arc;
use tlog::{Checkpoints, Published, Tree};
use vault::{Entry, IncarnationId, Kind, Vault};

/// Keys that are read at once.
const PAGE: usize = 100;

/// A log as strangers see it. Cheap to clone.
#[derive(Clone)]
pub struct PublicLog {
    tree: Tree,
    checkpoints: Arc<dyn Checkpoints>,
    vault: Arc<dyn Vault>,
    name: LogName,
    log_id: LogId,
}

/// An incarnation of the log that has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicIncarnation {
    /// From 1.
    pub number: u32,
    pub origin: String,
    pub verifier_key: VerifierKey,
    /// The leaves of its last checkpoint. `None`: none was published yet.
    pub latest_size: Option<u64>,
}

/// A tile's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTile {
    pub bytes: Vec<u8>,
    /// It has all the rows that it will ever have. What one with fewer has does not change either, but nobody asks for it for long.
    pub is_complete: bool,
}

/// What proves that the log has an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicProof {
    /// The file that <https://c2sp.org/tlog-proof> says.
    pub proof: TlogProof,
    /// The leaf that stands for the event, as text.
    pub leaf: Vec<u8>,
}

impl PublicLog {
    pub fn new(
        tree: Tree,
        checkpoints: Arc<dyn Checkpoints>,
        vault: Arc<dyn Vault>,
        (name, log_id): (LogName, LogId),
    ) -> Self {
        Self { tree, checkpoints, vault, name, log_id }
    }

    /// Of which log it speaks.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// All incarnations that have a key, in their order.
    ///
    /// # Errors
    /// The vault's, or the place's where checkpoints are kept.
    pub async fn incarnations(&self) -> Result<Vec<PublicIncarnation>, NotaryError> {
        let (mut found, mut after) = (Vec::new(), IncarnationId::new(self.log_id, 0));
        loop {
            let entries = self.vault.entries(Kind::SigningKey, after.as_bytes(), PAGE).await?;
            let (read, mut is_last) = (entries.len(), true);
            for entry in entries {
                let Entry::SigningKey { of, mut key } = entry else { continue };
                is_last = of.log_id() != self.log_id;
                if is_last {
                    break;
                }
                after = of;
                let name: KeyName = self.origin(of).await?.parse()?;
                let verifier_key = Signer::new(name, Seed::taken_from(&mut key.0)).verifier_key().clone();
                found.push(self.incarnation(of, verifier_key).await?);
            }
            if is_last || read < PAGE {
                return Ok(found);
            }
        }
    }

    async fn incarnation(
        &self,
        of: IncarnationId,
        verifier_key: VerifierKey,
    ) -> Result<PublicIncarnation, NotaryError> {
        let origin = verifier_key.name().to_string();
        let latest = self.checkpoints.latest(&origin).await?;
        Ok(PublicIncarnation {
            number: of.number(),
            latest_size: latest.map(|latest| latest.size),
            origin,
            verifier_key,
        })
    }

    /// What it has signed under stays its name, whatever it is called now.
    async fn origin(&self, of: IncarnationId) -> Result<String, NotaryError> {
        Ok(self.vault.signed_head(of).await?.map_or_else(|| self.name.origin(of), |head| head.origin))
    }

    /// The last checkpoint of an incarnation. `None`: there is none, or no such incarnation.
    ///
    /// # Errors
    /// As of [`Self::incarnations`].
    pub async fn latest(&self, number: u32) -> Result<Option<Published>, NotaryError> {
        let origin = self.origin(IncarnationId::new(self.log_id, number)).await?;
        Ok(self.checkpoints.latest(&origin).await?)
    }

    /// A tile of an incarnation. `None`: its last checkpoint's tree has not got it. Who may see tiles of entries, whoever asks knows.
    ///
    /// # Errors
    /// [`NotaryError::Contradicts`] where the tree is not the one that was signed, [`NotaryError::Behind`] while it is built anew; the tree's.
    pub async fn tile(&self, number: u32, tile: Tile) -> Result<Option<PublicTile>, NotaryError> {
        let Some((signed, _)) = self.signed(number).await? else { return Ok(None) };
        if !tile.is_within(signed.size) {
            return Ok(None);
        }
        let bytes = self.tree.tile(tile).await.map_err(|error| NotaryError::of_tree(error, signed.size))?;
        Ok(Some(PublicTile { bytes, is_complete: tile.is_complete() }))
    }

    /// What proves that the incarnation's last checkpoint has the event at the position. `None`: it has not, or not yet.
    ///
    /// # Errors
    /// As of [`Self::tile`].
    pub async fn prove(&self, number: u32, at: Position) -> Result<Option<PublicProof>, NotaryError> {
        let Some((signed, published)) = self.signed(number).await? else { return Ok(None) };
        let Some(index) = self.tree.leaf_at(at).await?.filter(|index| *index < signed.size) else { return Ok(None) };
        let hashes = self.tree.inclusion(index, signed.size).await;
        let hashes = hashes.map_err(|error| NotaryError::of_tree(error, signed.size))?;
        let note = Note::parse(published.note.as_bytes())?;
        let proof = TlogProof::new(index, hashes, note)?;
        Ok(Some(PublicProof { proof, leaf: self.tree.record(index).await? }))
    }

    /// The last head that was published, which the tree has to have still.
    async fn signed(&self, number: u32) -> Result<Option<(Head, Published)>, NotaryError> {
        let Some(published) = self.latest(number).await? else { return Ok(None) };
        let signed = head_of(&published)?;
        let root = self.tree.root(signed.size).await.map_err(|error| NotaryError::of_tree(error, signed.size))?;
        match root == signed.root {
            true => Ok(Some((signed, published))),
            false => Err(NotaryError::Contradicts { signed, now: Head { size: signed.size, root } }),
        }
    }
}

fn head_of(published: &Published) -> Result<Head, NotaryError> {
    let note = Note::parse(published.note.as_bytes())?;
    let checkpoint: Checkpoint = note.unverified_text().parse()?;
    Ok(Head { size: checkpoint.size(), root: checkpoint.root() })
}
