//! One step: looking at the tree, and signing its head if it may be.
//!
//! In this order, and each part can be the last before the process ends: the last head is read, the new one is proved to extend it, it
//! takes the last one's place in the vault, and then it is signed and kept where the world sees it. Whoever comes next finds in the
//! vault what was decided, and publishes that first: a signature of the same head by the same key is the same to the byte.

use crate::error::{Head, NotaryError};
use crate::name::LogName;
use eventlog::EventLog;
use proof::checkpoint::Checkpoint;
use proof::hash::Hash;
use proof::keys::{KeyName, Seed, VerifierKey};
use proof::note::Signer;
use proof::tree::verify_consistency;
use std::sync::Arc;
use tlog::{Checkpoints, Published, Tree};
use vault::{IncarnationId, SignedHead, SigningKey, Vault};

/// Signs for one incarnation of a log. Several at once do no harm. Has its key in memory, which is wiped when it is dropped.
pub struct Notary {
    tree: Tree,
    log: Arc<dyn EventLog>,
    checkpoints: Arc<dyn Checkpoints>,
    vault: Arc<dyn Vault>,
    of: IncarnationId,
    signer: Signer,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A head that is published now, and was not before.
    Published(Published),
    /// The last head is the tree's, or the tree has no leaf yet.
    NothingNew,
    /// The tree has not all leaves yet that it had, as somebody builds it anew.
    Behind { signed: u64, now: u64 },
    /// Another notary has signed meanwhile: the next step goes on from there.
    Overtaken,
}

impl Notary {
    /// With the key that the vault has for the incarnation; where it has none, one is made.
    ///
    /// # Errors
    /// The vault's; or the origin can't be a key's name.
    pub async fn open(
        tree: Tree,
        log: Arc<dyn EventLog>,
        checkpoints: Arc<dyn Checkpoints>,
        vault: Arc<dyn Vault>,
        (name, of): (&LogName, IncarnationId),
    ) -> Result<Self, NotaryError> {
        let origin: KeyName = name.origin(of).parse()?;
        let mut key = match vault.signing_key(of).await? {
            Some(key) => key,
            None => vault.put_signing_key(of, SigningKey::fresh()?).await?,
        };
        let signer = Signer::new(origin, Seed::taken_from(&mut key.0));
        Ok(Self { tree, log, checkpoints, vault, of, signer })
    }

    /// Of which log, or incarnation of it, the checkpoints are.
    pub fn origin(&self) -> &str {
        self.signer.verifier_key().name().as_str()
    }

    /// By what others check.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    /// The last checkpoint that was published. `None`: there is none yet.
    ///
    /// # Errors
    /// The place's where they are kept.
    pub async fn latest(&self) -> Result<Option<Published>, NotaryError> {
        Ok(self.checkpoints.latest(self.origin()).await?)
    }

    /// Signs the tree's head, if it extends the last one and is not the same, and publishes it; first what was signed and not published.
    ///
    /// # Errors
    /// [`NotaryError::Contradicts`] where it does not extend the last one. Nothing was signed, whatever the error.
    pub async fn step(&self) -> Result<Step, NotaryError> {
        // In this order: what was signed stood in the log and the tree before, so that neither can lack it by having been read too early.
        let signed = self.signed().await?;
        let head_of_log = self.log.head().await?;
        let Some(state) = self.tree.state().await? else {
            return self.without_leaves(signed.as_ref(), head_of_log.0 == 0);
        };
        let found = state.checkpoint.log_id;
        if found != self.of.log_id() {
            return Err(NotaryError::OtherLog { signs: self.of.log_id(), found });
        }
        state.rules.clone().in_force()?;
        let now = Head { size: state.size(), root: state.root() };
        let Some(signed) = signed else {
            return if now.size == 0 { Ok(Step::NothingNew) } else { self.sign(None, now).await };
        };
        let before = head(&signed);
        if now.size < before.size {
            let is_whole = state.checkpoint.position >= head_of_log;
            return self.smaller(before, now, is_whole);
        }
        match self.extends(before, now).await {
            Err(NotaryError::Behind { signed, now }) => return Ok(Step::Behind { signed, now }),
            outcome => outcome?,
        }
        if let Some(published) = self.publish(&signed).await? {
            return Ok(Step::Published(published));
        }
        if now.size == before.size { Ok(Step::NothingNew) } else { self.sign(Some(&signed), now).await }
    }

    async fn signed(&self) -> Result<Option<SignedHead>, NotaryError> {
        let signed = self.vault.signed_head(self.of).await?;
        match &signed {
            Some(head) if head.origin != self.origin() => {
                Err(NotaryError::OtherOrigin { signed: head.origin.clone(), told: self.origin().to_owned() })
            }
            _ => Ok(signed),
        }
    }

    fn without_leaves(&self, signed: Option<&SignedHead>, log_is_empty: bool) -> Result<Step, NotaryError> {
        match signed {
            None => Ok(Step::NothingNew),
            Some(signed) => self.smaller(head(signed), Head { size: 0, root: proof::hash::empty_root() }, log_is_empty),
        }
    }

    /// A tree that has all of its log, and yet fewer leaves than it had, is of a log that has lost some.
    fn smaller(&self, signed: Head, now: Head, is_whole: bool) -> Result<Step, NotaryError> {
        match is_whole {
            true => Err(NotaryError::Contradicts { signed, now }),
            false => Ok(Step::Behind { signed: signed.size, now: now.size }),
        }
    }

    async fn extends(&self, signed: Head, now: Head) -> Result<(), NotaryError> {
        let gone = |error| NotaryError::of_tree(error, signed.size);
        let proof = self.tree.consistency(signed.size, now.size).await.map_err(gone)?;
        if verify_consistency((signed.size, signed.root), (now.size, now.root), &proof).is_ok() {
            return Ok(());
        }
        // A tile that rotted says nothing of the log.
        match self.tree.root(now.size).await.map_err(gone)? == now.root {
            true => Err(NotaryError::Contradicts { signed, now }),
            false => Err(NotaryError::DamagedTree),
        }
    }

    /// Decides, and publishes what was decided.
    async fn sign(&self, signed: Option<&SignedHead>, now: Head) -> Result<Step, NotaryError> {
        let new = SignedHead { origin: self.origin().to_owned(), size: now.size, root: *now.root.as_bytes() };
        // Before anything is decided that could not be said.
        self.note(&new)?;
        if !self.vault.sign_head(self.of, signed, &new).await? {
            return Ok(Step::Overtaken);
        }
        let published = self.publish(&new).await?;
        Ok(published.map_or(Step::NothingNew, Step::Published))
    }

    /// Keeps the note of a head that stands in the vault. `None`: it was kept already.
    async fn publish(&self, head: &SignedHead) -> Result<Option<Published>, NotaryError> {
        let (size, note) = (head.size, self.note(head)?);
        let is_it = |kept: &Published| if kept.note == note { Ok(()) } else { Err(NotaryError::OtherNote { size }) };
        if let Some(kept) = self.checkpoints.of_size(self.origin(), size).await? {
            return is_it(&kept).map(|()| None);
        }
        let new = Published { origin: self.origin().to_owned(), size, note: note.clone() };
        let kept = self.checkpoints.put(new).await?;
        is_it(&kept).map(|()| Some(kept))
    }

    fn note(&self, head: &SignedHead) -> Result<String, NotaryError> {
        let checkpoint = Checkpoint::new(head.origin.clone(), head.size, Hash::from(head.root), Vec::new())?;
        Ok(checkpoint.sign(&self.signer)?.to_string())
    }
}

fn head(signed: &SignedHead) -> Head {
    Head { size: signed.size, root: Hash::from(signed.root) }
}
