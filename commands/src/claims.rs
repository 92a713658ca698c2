//! Unique names: an app_id, an email of a store, a coupon code of a store.
//!
//! A name belongs to whoever's stream names the claim that the name's own stream holds. The claim comes first, then the
//! owner's deciding event names its `claim_id`, which is new for each attempt. A crash between the two leaves a claim that
//! nobody names; whoever wants the name later takes it over, and before that appends `…ClaimGivenUp` to the owner's stream:
//! from then on that stream can't name the claim, so a creator that was only slow is refused and starts again. That fence
//! is what keeps a name unique; the 30 s before a foreign claim is taken over, and the lock of a name on this node, only
//! keep attempts from getting into each other's way.
//!
//! A claim may be the asker's own stream's. Where that stream does not exist yet, another attempt of the same request left it
//! behind or is about to name it (with an `Idempotency-Key` the owner's id is the same again): the asker names it as well. The
//! stream lets one of them create it, and the key's memory tells the other; as both may name the claim, whoever is refused
//! gives it up before releasing it. Where the stream exists, somebody else changes the same owner, here or on another node, or
//! crashed while doing so: the claim is taken over at once, which behind the fence is as safe as after 30 s.
//!
//! Codes and app_ids are compared in lower case, emails as mailboxes, which may take two claims ([`wanted`]). A claim's stream is
//! called by a keyed hash, and its events hold no name: who reads the log can't tell whose it is.

mod owners;
mod wanted;

pub(crate) use owners::{ClaimStanding, Names, Owner};
pub(crate) use wanted::Wanted;

use crate::error::{CommandError, Defect};
use crate::executor::{Executed, Refused};
use crate::node::Has;
use crate::node::Node;
use crate::session::{Session, refused};
use crate::streams::stream_of;
use chrono::TimeDelta;
use domain::claim::{Claim, ClaimCommand, ClaimEvent, ClaimKey, ClaimRejection};
use domain::coupon::Coupon;
use domain::customer::Customer;
use domain::store::Store;
use domain::{ClaimId, Decider, Timestamp};

/// How long a creator is given between claiming a name and naming the claim, before others may take it over.
const GRACE: TimeDelta = TimeDelta::seconds(30);
/// Events of a name that are looked at for who had it: each change of hands takes two. Nobody repeats a request that is further back.
const LATELY: usize = 256;
/// How often an attempt starts again because others were faster.
pub(crate) const ATTEMPTS: usize = 20;

/// A name that is held: by an owner who names the claim, or who may be about to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldClaim {
    pub(crate) owner: Owner,
    pub(crate) claim_id: ClaimId,
    since: Timestamp,
}

/// What came of a command that needs a name.
pub(crate) enum Outcome<A: Decider> {
    Done(Executed<A::Event>),
    /// The name is this owner's; nothing was decided.
    Taken(Owner),
}

impl Node {
    /// Who holds the name, after reading what other nodes may have appended. Whether the owner names the claim is for the
    /// caller to see, when it looks at the owner for what it wants of it.
    pub(crate) async fn held(&self, name: &ClaimKey) -> Result<Option<HeldClaim>, CommandError> {
        let held = self.look_at::<Claim, _>(name, |claim| match claim {
            Claim::Free => None,
            Claim::Held { claim_id, owner, since } => Some((*claim_id, owner.clone(), *since)),
        });
        let Some((claim_id, owner, since)) = held.await? else { return Ok(None) };
        match Owner::of_stream(&owner) {
            Some(owner) => Ok(Some(HeldClaim { owner, claim_id, since })),
            None => {
                let claim = stream_of::<Claim>(name);
                Err(Defect::NoOwner { claim, owner }.into())
            }
        }
    }

    /// Whoever had the name lately, as far as claims tell: those who have it now first, each once.
    pub(crate) async fn owners_lately(&self, wanted: &Wanted) -> Result<Vec<Owner>, CommandError> {
        let mut owners = Vec::new();
        owners.extend(self.customer_of(wanted).await?.map(|(customer, _)| Owner::Customer(customer)));
        for name in &wanted.claims {
            for owner in self.owners_lately_of(name).await? {
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        Ok(owners)
    }

    /// Whoever claimed the name lately, the last first, each once: by the last [`LATELY`] events, as a name may change hands for ever.
    async fn owners_lately_of(&self, name: &ClaimKey) -> Result<Vec<Owner>, CommandError> {
        let mut owners = Vec::new();
        for event in self.newest_events::<Claim>(name, LATELY).await? {
            let ClaimEvent::NameClaimed(claimed) = event else { continue };
            let owner = Owner::of_stream(&claimed.owner);
            owners.retain(|known| Some(*known) != owner);
            owners.extend(owner);
        }
        owners.reverse();
        Ok(owners)
    }

    /// The owner whose stream names a claim on the name; `None` where nobody's does.
    pub(crate) async fn owner_of(&self, wanted: &Wanted) -> Result<Option<Owner>, CommandError> {
        for name in &wanted.claims {
            let Some(held) = self.held(name).await? else { continue };
            if standing(self, &held).await? == ClaimStanding::Named {
                return Ok(Some(held.owner));
            }
        }
        Ok(None)
    }

    /// Who holds a name that goes by one claim.
    pub(crate) async fn holder(&self, wanted: &Wanted) -> Result<Option<HeldClaim>, CommandError> {
        self.held(wanted.decisive()).await
    }
}

/// Claims the name for the owner and lets the owner's stream decide on the command that names the claim.
///
/// Refused: the claim is released. Outcome unknown (the log went away): it stays, and is either named or taken over later.
pub(crate) async fn decide_claiming<A: Names>(
    session: &Session,
    wanted: &Wanted,
    (owner, id): (Owner, &A::Id),
    command: impl Fn(ClaimId) -> A::Command,
) -> Result<Outcome<A>, CommandError>
where
    Node: Has<A>,
{
    let _turn = session.node.name_locks.lock(wanted.decisive().clone()).await;
    let mut given_up = Vec::new();
    for _ in 0..ATTEMPTS {
        let claim_id = match claim_all(session, wanted, owner, &given_up).await? {
            Claimed::Ours(claim_id) => claim_id,
            Claimed::TakenBy(other) => return Ok(Outcome::Taken(other)),
        };
        match session.decide::<A>(id, command(claim_id)).await {
            Ok(executed) => {
                if executed.replayed {
                    // The request was done elsewhere in the meantime, perhaps under another claim.
                    abandon(session, wanted, claim_id, owner).await;
                }
                return Ok(Outcome::Done(executed));
            }
            // We were slow, and somebody has taken the name over or is about to.
            Err(Refused::Rejected(rejection)) if A::was_given_up(&rejection) => given_up.push(claim_id),
            Err(failed @ Refused::Failed(_)) => return Err(refused::<A>(failed)),
            Err(refusal) => {
                abandon(session, wanted, claim_id, owner).await;
                return Err(refused::<A>(refusal));
            }
        }
    }
    Err(CommandError::Busy)
}

/// Frees the name, wherever exactly this claim of this owner holds it. The owner's stream must not name the claim, and never will.
pub(crate) async fn release(
    session: &Session,
    wanted: &Wanted,
    claim_id: ClaimId,
    owner: Owner,
) -> Result<(), CommandError> {
    // The one that decides last: until then nobody else begins.
    for name in wanted.claims.iter().rev() {
        let release = ClaimCommand::Release { claim_id, owner: owner.stream() };
        session.execute::<Claim>(name, release).await.map_err(refused::<Claim>)?;
    }
    Ok(())
}

/// Releases a claim of ours that came to nothing, unless another attempt of the same request named it. Where it can't be done
/// now, the claim waits for whoever wants the name.
async fn abandon(session: &Session, wanted: &Wanted, claim_id: ClaimId, owner: Owner) {
    if let Err(error) = try_to_abandon(session, wanted, claim_id, owner).await {
        let name = wanted.decisive();
        tracing::warn!(%error, %name, "a claim that nobody names is left to be taken over");
    }
}

async fn try_to_abandon(
    session: &Session,
    wanted: &Wanted,
    claim_id: ClaimId,
    owner: Owner,
) -> Result<(), CommandError> {
    // Without a key nobody else knows the owner's id, or can name a claim that this attempt made.
    if session.idempotency.is_some() && give_up(session, owner, claim_id).await? == ClaimStanding::Named {
        return Ok(());
    }
    release(session, wanted, claim_id, owner).await
}

enum Claimed {
    Ours(ClaimId),
    TakenBy(Owner),
}

/// Claims the name in all its forms, under one id, and sees that nobody has it without them. `given_up`: the claims that the owner's
/// stream was found unable to name.
async fn claim_all(
    session: &Session,
    wanted: &Wanted,
    owner: Owner,
    given_up: &[ClaimId],
) -> Result<Claimed, CommandError> {
    let claim_id = match claim(session, wanted.decisive(), owner, given_up).await? {
        Claimed::Ours(claim_id) => claim_id,
        taken @ Claimed::TakenBy(_) => return Ok(taken),
    };
    let other = taken_otherwise(session, wanted, owner, claim_id).await;
    if !matches!(other, Ok(None)) {
        abandon(session, wanted, claim_id, owner).await;
    }
    Ok(other?.map_or(Claimed::Ours(claim_id), Claimed::TakenBy))
}

/// Who has the name in another of its forms, behind the claim that decides.
async fn taken_otherwise(
    session: &Session,
    wanted: &Wanted,
    owner: Owner,
    claim_id: ClaimId,
) -> Result<Option<Owner>, CommandError> {
    for name in wanted.claims.iter().skip(1) {
        if let Some(other) = claim_too(session, name, owner, claim_id).await? {
            return Ok(Some(other));
        }
    }
    session.node.has_mailbox(wanted, owner).await
}

/// Claims another form of the name under the same id; gives the owner who has it.
async fn claim_too(
    session: &Session,
    name: &ClaimKey,
    owner: Owner,
    claim_id: ClaimId,
) -> Result<Option<Owner>, CommandError> {
    let mut instead_of = None;
    for _ in 0..ATTEMPTS {
        let claim = ClaimCommand::Claim { claim_id, owner: owner.stream(), instead_of };
        match session.execute::<Claim>(name, claim).await {
            Ok(_) => return Ok(None),
            Err(Refused::Rejected(ClaimRejection::Held { .. })) => {}
            Err(other) => return Err(refused::<Claim>(other)),
        }
        let Some(held) = session.node.held(name).await? else {
            instead_of = None;
            continue;
        };
        // Another attempt's of the same request is not shared, as both claims must have one id: it is given up first.
        instead_of = match verdict(session, &held, owner, &[held.claim_id]).await? {
            Verdict::TakeOver | Verdict::Share => Some(held.claim_id),
            Verdict::Taken => return Ok(Some(held.owner)),
        };
    }
    Err(CommandError::Busy)
}

/// Claims one form of the name.
async fn claim(
    session: &Session,
    name: &ClaimKey,
    owner: Owner,
    given_up: &[ClaimId],
) -> Result<Claimed, CommandError> {
    let claim_id = ClaimId(session.node.fresh_id());
    let mut instead_of = None;
    for _ in 0..ATTEMPTS {
        let claim = ClaimCommand::Claim { claim_id, owner: owner.stream(), instead_of };
        match session.execute::<Claim>(name, claim).await {
            Ok(_) => return Ok(Claimed::Ours(claim_id)),
            Err(Refused::Rejected(ClaimRejection::Held { .. })) => {}
            Err(other) => return Err(refused::<Claim>(other)),
        }
        let Some(held) = session.node.held(name).await? else {
            instead_of = None;
            continue;
        };
        instead_of = match verdict(session, &held, owner, given_up).await? {
            Verdict::TakeOver => Some(held.claim_id),
            Verdict::Share => return Ok(Claimed::Ours(held.claim_id)),
            Verdict::Taken => return Ok(Claimed::TakenBy(held.owner)),
        };
    }
    Err(CommandError::Busy)
}

/// What to do about a name that is held.
enum Verdict {
    /// Nobody can name the claim any more.
    TakeOver,
    /// The claim is another attempt's of the same request: it will do for us too.
    Share,
    /// It is the owner's, or about to be.
    Taken,
}

async fn verdict(
    session: &Session,
    held: &HeldClaim,
    asking: Owner,
    given_up: &[ClaimId],
) -> Result<Verdict, CommandError> {
    let own = held.owner == asking;
    match standing(&session.node, held).await? {
        ClaimStanding::Named => return Ok(Verdict::Taken),
        ClaimStanding::Gone => return Ok(Verdict::TakeOver),
        ClaimStanding::Unborn if own && !given_up.contains(&held.claim_id) => return Ok(Verdict::Share),
        ClaimStanding::Unborn | ClaimStanding::Unnamed => {}
    }
    if (is_due(&session.node, held) || own)
        && self::give_up(session, held.owner, held.claim_id).await? != ClaimStanding::Named
    {
        return Ok(Verdict::TakeOver);
    }
    Ok(Verdict::Taken)
}

/// Whether its creator has had its time: by the clock, or, where the clock that stamped the claim was ahead of ours, since this
/// process first met it.
fn is_due(node: &Node, held: &HeldClaim) -> bool {
    let (now, running) = (node.now(), node.parts.clock.running());
    let met = node.unnamed_claims.get(&held.claim_id).unwrap_or_else(|| {
        node.unnamed_claims.insert(held.claim_id, running);
        running
    });
    now >= held.since.plus(GRACE)
        || running.saturating_sub(met).as_millis() >= GRACE.num_milliseconds().unsigned_abs().into()
}

async fn standing(node: &Node, held: &HeldClaim) -> Result<ClaimStanding, CommandError> {
    let claim_id = held.claim_id;
    match held.owner {
        Owner::Store(id) => node.look_at::<Store, _>(&id, move |store| store.standing(claim_id)).await,
        Owner::Customer(id) => node.look_at::<Customer, _>(&id, move |customer| customer.standing(claim_id)).await,
        Owner::Coupon(id) => node.look_at::<Coupon, _>(&id, move |coupon| coupon.standing(claim_id)).await,
    }
}

/// Puts the fence into the owner's stream; what the stream says of the claim then, it says for good.
async fn give_up(session: &Session, owner: Owner, claim_id: ClaimId) -> Result<ClaimStanding, CommandError> {
    match owner {
        // A claim on an app_id is another store's.
        Owner::Store(id) => give_up_of::<Store>(&session.in_store(id), &id, claim_id).await,
        Owner::Customer(id) => give_up_of::<Customer>(session, &id, claim_id).await,
        Owner::Coupon(id) => give_up_of::<Coupon>(session, &id, claim_id).await,
    }
}

async fn give_up_of<A: Names>(session: &Session, id: &A::Id, claim_id: ClaimId) -> Result<ClaimStanding, CommandError>
where
    Node: Has<A>,
{
    let look = move |state: &A| state.standing(claim_id);
    let given_up = session.execute_then::<A, _>(id, A::give_up(claim_id), look).await;
    given_up.map(|(_, standing)| standing).map_err(refused::<A>)
}
