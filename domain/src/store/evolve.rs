//! The fold: what each event makes of the state.

use super::*;
use crate::GivenUp;
use crate::limits::MAX_TOKENS;
use crate::numbers::SettingsHistory;
use crate::{ClaimId, Impossible, Timestamp, TokenId};
use std::collections::BTreeMap;

pub(super) fn evolve(state: &mut Store, event: &StoreEvent, _at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    fold(state, event).ok_or(impossible)
}

fn fold(state: &mut Store, event: &StoreEvent) -> Option<()> {
    match event {
        StoreEvent::StoreCreated(event) => return created(state, event),
        StoreEvent::StoreRenamed(event) => live(state)?.name.clone_from(&event.name),
        StoreEvent::StoreTaglineChanged(event) => live(state)?.tagline.clone_from(&event.tagline),
        StoreEvent::StoreCreditOrderChanged(event) => {
            live(state)?.credit_order_preference = event.credit_order_preference;
        }
        StoreEvent::StoreTaxRateChanged(event) => {
            live(state)?.tax_rate_in_basis_points = event.tax_rate_in_basis_points;
        }
        StoreEvent::StoreTimezoneChanged(event) => live(state)?.timezone.clone_from(&event.timezone),
        StoreEvent::StoreCartExpiryChanged(event) => {
            live(state)?.cart_expires_after_minutes = event.cart_expires_after_minutes;
        }
        StoreEvent::StoreNumberingChanged(event) => live(state)?.numbering.change(event.numbering.clone()),
        StoreEvent::StoreSecretChanged(event) => live(state)?.credential_id = event.credential_id,
        StoreEvent::StoreTokenIssued(event) => return token_issued(live(state)?, event),
        StoreEvent::StoreTokenRevoked(event) => token_revoked(live(state)?, event.token_id),
        StoreEvent::StoreTokensAllRevoked(_) => live(state)?.tokens.clear(),
        StoreEvent::StoreActorForgotten(_) => return live(state).map(drop),
        StoreEvent::StoreDeleted(_) => return deleted(state),
        StoreEvent::BatchCreditStarted(event) => {
            let earlier = live(state)?.jobs.insert(event.job_id, event.amount_in_cents);
            return earlier.is_none().then_some(());
        }
        StoreEvent::BatchCreditCompleted(event) => return live(state)?.jobs.remove(&event.job_id).map(drop),
        StoreEvent::StoreClaimGivenUp(event) => return claim_given_up(state, event.claim_id),
    }
    Some(())
}

fn created(state: &mut Store, event: &StoreCreated) -> Option<()> {
    let given_up = match state {
        Store::None => GivenUp::default(),
        Store::Awaited { given_up } if given_up.forbids(&event.claim_id) => return None,
        Store::Awaited { given_up } => std::mem::take(given_up),
        Store::Live(_) | Store::Deleted { .. } => return None,
    };
    *state = Store::Live(Box::new(LiveStore {
        store_id: event.store_id,
        name: event.name.clone(),
        tagline: event.tagline.clone(),
        app_id: event.app_id.clone(),
        claim_id: event.claim_id,
        credential_id: event.credential_id,
        credit_order_preference: event.credit_order_preference,
        tax_rate_in_basis_points: event.tax_rate_in_basis_points,
        timezone: event.timezone.clone(),
        cart_expires_after_minutes: event.cart_expires_after_minutes,
        numbering: SettingsHistory::beginning_with(event.numbering.clone().unwrap_or_default()),
        tokens: Vec::new(),
        jobs: BTreeMap::new(),
        given_up,
    }));
    Some(())
}

/// No token ends another by its time: a clock that was ahead for one event would end all. Beyond the most that there may be the
/// oldest goes; decisions see to it that this is never one that lives.
fn token_issued(store: &mut LiveStore, event: &StoreTokenIssued) -> Option<()> {
    if store.tokens.iter().any(|token| token.token_id == event.token_id) {
        return None;
    }
    let too_many = (store.tokens.len() + 1).saturating_sub(MAX_TOKENS);
    store.tokens.drain(..too_many);
    store.tokens.push(LiveToken { token_id: event.token_id, expires_at: event.expires_at, role: event.role });
    Some(())
}

/// One that is not known any more went by number before: nothing is left to do.
fn token_revoked(store: &mut LiveStore, token_id: TokenId) {
    store.tokens.retain(|token| token.token_id != token_id);
}

fn deleted(state: &mut Store) -> Option<()> {
    let store = live(state)?;
    let (store_id, claim_id) = (store.store_id, store.claim_id);
    let app_id = std::mem::take(&mut store.app_id);
    *state = Store::Deleted { store_id, app_id, claim_id };
    Some(())
}

fn claim_given_up(state: &mut Store, claim_id: ClaimId) -> Option<()> {
    match state {
        Store::None => *state = Store::Awaited { given_up: claim_id.into() },
        Store::Awaited { given_up } => return given_up.insert(claim_id).then_some(()),
        Store::Live(store) if store.claim_id == claim_id => return None,
        Store::Live(store) => return store.given_up.insert(claim_id).then_some(()),
        Store::Deleted { .. } => return None,
    }
    Some(())
}

fn live(state: &mut Store) -> Option<&mut LiveStore> {
    match state {
        Store::Live(store) => Some(store),
        Store::None | Store::Awaited { .. } | Store::Deleted { .. } => None,
    }
}

fn word(state: &Store) -> &'static str {
    match state {
        Store::None => "none",
        Store::Awaited { .. } => "awaited",
        Store::Live(_) => "live",
        Store::Deleted { .. } => "deleted",
    }
}
