//! Who was behind events: what stores call their tokens, and the names of people at their desks. For audits, and nobody else.

use crate::{Vault, VaultError};
use domain::{ActorId, StoreId, TokenId};
use journal::{Actor, Metadata, NamedPerson, open_name};
use std::collections::{BTreeMap, BTreeSet};

/// Whom an event was done for, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    pub token: Option<NamedToken>,
    pub person: Option<KnownPerson>,
}

/// A token that made it happen, or set it off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedToken {
    pub id: TokenId,
    /// `None`: it was given none.
    pub name: Option<String>,
}

/// A person at the store's desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPerson {
    pub id: ActorId,
    /// `None`: the person was forgotten, or what stands in the event is not what was written.
    pub name: Option<String>,
}

/// Who was behind each of these events of one store, in their order.
///
/// # Errors
/// Where the vault is away.
pub async fn behind(vault: &dyn Vault, store: StoreId, events: &[&Metadata]) -> Result<Vec<Behind>, VaultError> {
    let tokens = names_of_tokens(vault, store, events).await?;
    let people = names_of_people(vault, store, events).await?;
    let each = events.iter().map(|event| Behind {
        token: token_of(event).map(|id| NamedToken { id, name: tokens.get(&id).cloned() }),
        person: person_of(event).map(|person| {
            let name = people.get(&(person.id, &*person.name)).cloned();
            KnownPerson { id: person.id, name }
        }),
    });
    Ok(each.collect())
}

fn token_of(event: &Metadata) -> Option<TokenId> {
    match event.actor {
        Actor::Token(token) => Some(token),
        Actor::Anonymous | Actor::System => event.by.as_ref().and_then(|by| by.token),
    }
}

fn person_of(event: &Metadata) -> Option<&NamedPerson> {
    event.by.as_ref().and_then(|by| by.person.as_ref())
}

async fn names_of_tokens(
    vault: &dyn Vault,
    store: StoreId,
    events: &[&Metadata],
) -> Result<BTreeMap<TokenId, String>, VaultError> {
    let mut tokens: Vec<_> = events.iter().filter_map(|event| token_of(event)).collect();
    tokens.sort_unstable();
    tokens.dedup();
    if tokens.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = vault.token_names(store, &tokens).await?;
    Ok(tokens.into_iter().zip(names).filter_map(|(token, name)| Some((token, name?))).collect())
}

/// By id, and by what stands in the event: it is the same in all, unless somebody has altered one.
type Names<'e> = BTreeMap<(ActorId, &'e str), String>;

async fn names_of_people<'e>(
    vault: &dyn Vault,
    store: StoreId,
    events: &[&'e Metadata],
) -> Result<Names<'e>, VaultError> {
    let people: BTreeSet<(ActorId, &str)> =
        events.iter().filter_map(|event| person_of(event)).map(|person| (person.id, &*person.name)).collect();
    if people.is_empty() {
        return Ok(Names::new());
    }
    let ids: Vec<_> = people.iter().map(|(id, _)| *id).collect();
    let keys = vault.actor_keys(store, &ids).await?;
    let opened = people.into_iter().zip(keys).filter_map(|((id, sealed), key)| {
        let name = open_name(&key?, id, sealed).inspect_err(|error| {
            tracing::warn!(person = %id, %error, "a person's name in an event can't be opened");
        });
        Some(((id, sealed), name.ok()?))
    });
    Ok(opened.collect())
}
