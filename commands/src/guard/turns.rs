//! Whose turn it is to have something hashed.
//!
//! Three lanes take turns: who was right lately, who is new, who tried wrongly. Within a lane, accounts go round and addresses
//! go round, one time the one and one time the other: so whoever asks once is served soon, be it that many others want the same
//! account, or that one address asks for many. A full lane gives the place of whoever has most in it to whoever has less.

use super::Claimant;
use crate::CommandError;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::oneshot;

/// So many may wait in one lane.
const MOST_WAITING: usize = 512;
/// The order of the lanes.
const ROUND: [Lane; 5] = [Lane::Known, Lane::Fresh, Lane::Known, Lane::Fresh, Lane::Suspect];

/// Where somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Was right lately.
    Known = 0,
    /// Not heard of.
    Fresh = 1,
    /// Tried wrongly.
    Suspect = 2,
}

/// So many turns at a time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Mutex<Queue>>);

struct Queue {
    free: usize,
    lanes: [Waiters; 3],
    /// Where in the round it is.
    next: usize,
}

/// One lane. Numbers are like those that are drawn in an office: each account, and each address, draws one after another.
#[derive(Default)]
struct Waiters {
    waiting: Vec<Waiter>,
    /// The numbers that are being served.
    by_account: u64,
    by_client: u64,
    is_accounts_turn: bool,
}

struct Waiter {
    who: Claimant,
    by_account: u64,
    by_client: u64,
    go: oneshot::Sender<Turn>,
}

/// A turn; dropping it gives it to the next.
pub(crate) struct Turn(Turns);

impl Turns {
    pub(crate) fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: at_a_time, lanes: Default::default(), next: 0 })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`CommandError::Busy`] when too many wait.
    pub(crate) async fn take(&self, lane: Lane, who: Claimant) -> Result<Turn, CommandError> {
        // Whoever is put out of a full lane hears nothing more.
        self.enter(lane, who)?.await.map_err(|_| CommandError::Busy)
    }

    fn enter(&self, lane: Lane, who: Claimant) -> Result<oneshot::Receiver<Turn>, CommandError> {
        let (go, turn) = oneshot::channel();
        let mut queue = self.0.lock();
        if queue.free > 0 {
            queue.free -= 1;
            drop(queue);
            // The receiver is in our hand.
            let _ = go.send(Turn(self.clone()));
        } else {
            queue.lanes[lane as usize].push(who, go)?;
        }
        Ok(turn)
    }

    /// Gives a turn that ended to the next.
    fn pass_on(&self) {
        let next = {
            let mut queue = self.0.lock();
            let next = queue.pick();
            queue.free += usize::from(next.is_none());
            next
        };
        if let Some(go) = next {
            // Whoever is gone gives it back by dropping it.
            let _ = go.send(Turn(self.clone()));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

impl Queue {
    fn pick(&mut self) -> Option<oneshot::Sender<Turn>> {
        for ahead in 0..ROUND.len() {
            let at = (self.next + ahead) % ROUND.len();
            if let Some(go) = self.lanes[ROUND[at] as usize].pop() {
                self.next = at + 1;
                return Some(go);
            }
        }
        None
    }
}

impl Waiters {
    fn push(&mut self, who: Claimant, go: oneshot::Sender<Turn>) -> Result<(), CommandError> {
        self.waiting.retain(|waiting| !waiting.go.is_closed());
        if self.waiting.len() >= MOST_WAITING {
            self.make_room_for(who)?;
        }
        let drawn = |served: u64, last: Option<u64>| last.map_or(served, |last| served.max(last + 1));
        let others = || self.waiting.iter();
        let of_account = others().filter(|other| other.who.account == who.account).map(|other| other.by_account).max();
        let of_client = others().filter(|other| other.who.client == who.client).map(|other| other.by_client).max();
        let (by_account, by_client) = (drawn(self.by_account, of_account), drawn(self.by_client, of_client));
        self.waiting.push(Waiter { who, by_account, by_client, go });
        Ok(())
    }

    /// Puts out the last of the address that has most in the lane, if that has more than this one will have.
    fn make_room_for(&mut self, who: Claimant) -> Result<(), CommandError> {
        let count = |client: u64| self.waiting.iter().filter(|other| other.who.client == client).count();
        let most = self.waiting.iter().enumerate().max_by_key(|(_, waiting)| waiting.by_client);
        let (at, client) = most.map(|(at, waiting)| (at, waiting.who.client)).ok_or(CommandError::Busy)?;
        if count(client) <= count(who.client) + 1 {
            return Err(CommandError::Busy);
        }
        self.waiting.remove(at);
        Ok(())
    }

    /// The lowest number; of the same ones the first that came.
    fn pop(&mut self) -> Option<oneshot::Sender<Turn>> {
        let of_account = self.is_accounts_turn;
        let number = |waiting: &Waiter| if of_account { waiting.by_account } else { waiting.by_client };
        let lowest = self.waiting.iter().enumerate().min_by_key(|(_, waiting)| number(waiting));
        let at = lowest.map(|(at, _)| at)?;
        let next = self.waiting.remove(at);
        self.is_accounts_turn = !of_account;
        self.by_account = self.by_account.max(next.by_account);
        self.by_client = self.by_client.max(next.by_client);
        Some(next.go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Office {
        turns: Turns,
        served: Option<Turn>,
        waiting: Vec<(&'static str, oneshot::Receiver<Turn>)>,
    }

    impl Office {
        /// One turn at a time, and somebody has it.
        fn new() -> Self {
            let turns = Turns::new(1);
            let served = turns.enter(Lane::Fresh, who(0, 0)).ok().and_then(|mut turn| turn.try_recv().ok());
            Self { turns, served, waiting: Vec::new() }
        }

        fn enter(&mut self, name: &'static str, lane: Lane, account: u64, client: u64) -> bool {
            let entered = self.turns.enter(lane, who(account, client));
            let is_in = entered.is_ok();
            self.waiting.extend(entered.ok().map(|turn| (name, turn)));
            is_in
        }

        /// Who is next.
        fn next(&mut self) -> Option<&'static str> {
            drop(self.served.take());
            for at in 0..self.waiting.len() {
                if let Ok(turn) = self.waiting[at].1.try_recv() {
                    self.served = Some(turn);
                    return Some(self.waiting.swap_remove(at).0);
                }
            }
            None
        }

        /// So many are served before this one.
        fn before(&mut self, name: &str) -> usize {
            let order = std::iter::from_fn(|| self.next());
            order.take_while(|next| *next != name).count()
        }
    }

    fn who(account: u64, client: u64) -> Claimant {
        Claimant { account, client }
    }

    #[test]
    fn a_right_one_from_elsewhere_comes_soon_behind_1150_wrong_ones_of_the_same_account() {
        let mut office = Office::new();
        for _ in 0..1_150 {
            office.enter("wrong", Lane::Fresh, 1, 1);
        }
        assert!(office.enter("right", Lane::Fresh, 1, 2), "a full lane has a place for who has none in it");
        let before = office.before("right");
        assert!(before <= 2, "{before} were served before");
    }

    #[test]
    fn neither_many_addresses_nor_many_accounts_keep_another_waiting() {
        let mut office = Office::new();
        for client in 1..=400 {
            office.enter("botnet", Lane::Fresh, 1, client);
        }
        office.enter("other account", Lane::Fresh, 2, 1_000);
        let before = office.before("other account");
        assert!(before <= 3, "{before} were served before");

        let mut office = Office::new();
        for account in 1..=400 {
            office.enter("spray", Lane::Fresh, account, 1);
        }
        office.enter("other address", Lane::Fresh, 1_000, 2);
        let before = office.before("other address");
        assert!(before <= 3, "{before} were served before");
    }

    #[test]
    fn who_was_right_lately_does_not_wait_for_the_lanes_of_strangers() {
        let mut office = Office::new();
        for client in 1..=400 {
            office.enter("botnet", Lane::Fresh, 1, client);
            office.enter("botnet", Lane::Suspect, 1, client);
        }
        office.enter("owner", Lane::Known, 1, 1_000);
        let before = office.before("owner");
        assert!(before <= 2, "{before} were served before");
    }

    #[test]
    fn nobody_waits_for_ever_and_nothing_is_lost() {
        let mut office = Office::new();
        for number in 0..100 {
            office.enter("known", Lane::Known, number, number);
            office.enter("suspect", Lane::Suspect, number, number);
        }
        let order: Vec<_> = std::iter::from_fn(|| office.next()).collect();
        assert_eq!(order.len(), 200);
        assert!(order[..10].contains(&"suspect"));
        drop(office.served.take());
        assert_eq!(office.turns.0.lock().free, 1);
    }

    #[test]
    fn who_has_gone_is_passed_over_and_a_full_lane_says_so() {
        let mut office = Office::new();
        office.enter("gone", Lane::Fresh, 1, 1);
        office.enter("here", Lane::Fresh, 2, 2);
        office.waiting.remove(0);
        assert_eq!(office.next(), Some("here"));
        let places = (0..600).filter(|client| office.enter("one each", Lane::Fresh, 1, *client)).count();
        assert_eq!(places, MOST_WAITING);
    }
}
