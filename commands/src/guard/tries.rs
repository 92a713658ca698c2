//! Who tried a wrong secret or password lately, and who a right one.
//!
//! Wrong tries are counted by account and address together: an attacker slows down himself and nobody at another address, the
//! owner least of all. Of an address it is remembered that it tried wrongly, of a pair that it was right; both only decide who
//! waits behind whom.

use super::{Buckets, Claimant, Client, Lane};
use crate::CommandError;
use domain::StoreId;
use quick_cache::sync::Cache;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

/// Pairs that were right, of which it is remembered.
const CACHED_PAIRS: usize = 16_384;
const PERIOD: Duration = Duration::from_secs(60);

/// What a secret opens, known or not.
#[derive(Hash)]
pub(crate) enum Account<'a> {
    App(&'a str),
    Customer(StoreId, &'a str),
    /// A store's own work, which a token has paid for.
    Store(StoreId),
    /// There is none yet.
    New,
}

/// Counts of one process.
pub(crate) struct Tries {
    began: Instant,
    hasher: RandomState,
    /// `None`: no limit.
    wrong: Option<Limits>,
    right: Cache<Claimant, ()>,
}

struct Limits {
    of_pairs: Buckets,
    of_clients: Buckets,
}

/// A try that is under way. One that comes to no verdict did not count.
pub(crate) struct Attempt<'t> {
    tries: &'t Tries,
    who: Claimant,
    is_open: bool,
}

impl Tries {
    /// So many wrong tries a minute of one account from one address; 0: no limit.
    #[expect(clippy::disallowed_methods, reason = "keys of a table: nobody chooses whom an account is counted with")]
    pub(crate) fn new(wrong_tries: u32) -> Self {
        let limits = || {
            let of_pairs = Buckets::new(wrong_tries, PERIOD, wrong_tries)?;
            Some(Limits { of_pairs, of_clients: Buckets::new(wrong_tries, PERIOD, wrong_tries)? })
        };
        Self { began: Instant::now(), hasher: RandomState::new(), wrong: limits(), right: Cache::new(CACHED_PAIRS) }
    }

    pub(crate) fn claimant(&self, account: &Account<'_>, client: Client) -> Claimant {
        Claimant { account: self.hasher.hash_one(account), client: self.hasher.hash_one(client) }
    }

    /// Whose work a token has paid for.
    pub(crate) fn of_store(&self, store: StoreId) -> Claimant {
        let hash = self.hasher.hash_one(Account::Store(store));
        Claimant { account: hash, client: hash }
    }

    /// Where the claimant waits.
    pub(crate) fn lane(&self, who: Claimant) -> Lane {
        let has_tried = |limits: &Limits| !limits.of_clients.has_one(&who.client, self.began.elapsed());
        if self.right.get(&who).is_some() {
            Lane::Known
        } else if self.wrong.as_ref().is_some_and(has_tried) {
            Lane::Suspect
        } else {
            Lane::Fresh
        }
    }

    /// Counts a try as wrong until it has a verdict, so that none gets past the limit beside others.
    ///
    /// # Errors
    /// [`CommandError::RateLimited`] after too many wrong ones.
    pub(crate) fn begin(&self, who: Claimant) -> Result<Attempt<'_>, CommandError> {
        if let Some(limits) = &self.wrong {
            let refuse = |after| CommandError::RateLimited { after };
            limits.of_pairs.take(&who, self.began.elapsed()).map_err(refuse)?;
        }
        Ok(Attempt { tries: self, who, is_open: true })
    }
}

impl Attempt<'_> {
    /// The verdict.
    pub(crate) fn settle(mut self, right: bool) {
        match right {
            true => self.tries.right.insert(self.who, ()),
            false => {
                self.is_open = false;
                if let Some(limits) = &self.tries.wrong {
                    // Full already is as full as it gets.
                    let _ = limits.of_clients.take(&self.who.client, self.tries.began.elapsed());
                }
            }
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let (true, Some(limits)) = (self.is_open, &self.tries.wrong) {
            limits.of_pairs.give_back(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn client(last: u8) -> Client {
        Client::from(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn wrong_tries_slow_down_their_pair_and_nobody_else() {
        let tries = Tries::new(3);
        let (attacker, owner) =
            (tries.claimant(&Account::App("tea"), client(1)), tries.claimant(&Account::App("tea"), client(2)));
        for _ in 0..3 {
            tries.begin(attacker).map(|attempt| attempt.settle(false)).unwrap_or_else(|error| panic!("{error}"));
        }
        let refused = tries.begin(attacker).err();
        assert!(matches!(refused, Some(CommandError::RateLimited { after }) if after.as_secs() < 21), "{refused:?}");
        assert_eq!((tries.lane(attacker), tries.lane(owner)), (Lane::Suspect, Lane::Fresh));
        for _ in 0..9 {
            tries.begin(owner).map(|attempt| attempt.settle(true)).unwrap_or_else(|error| panic!("{error}"));
        }
        assert_eq!(tries.lane(owner), Lane::Known);
        assert!(tries.begin(tries.claimant(&Account::App("coffee"), client(1))).is_ok());
    }

    #[test]
    fn tries_under_way_count_until_they_have_a_verdict_and_those_that_get_none_do_not() {
        let tries = Tries::new(2);
        let who = tries.claimant(&Account::New, client(1));
        let under_way = [tries.begin(who), tries.begin(who)];
        assert!(under_way.iter().all(Result::is_ok) && tries.begin(who).is_err());
        drop(under_way);
        assert!(tries.begin(who).is_ok());
        let unlimited = Tries::new(0);
        assert!((0..100).all(|_| unlimited.begin(who).map(|attempt| attempt.settle(false)).is_ok()));
    }
}
