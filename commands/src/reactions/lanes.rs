//! What waits to be done, in lanes: in order within each, side by side between them, in turns between stores.
//!
//! What lives here: who is next. What doesn't: doing it, and what its outcome means (`worker`). The guarantee: a lane that can't go on
//! stops no other, and no store waits for what another one has to do.

use super::lane::Lane;
use super::outstanding::Outstanding;
use super::parked::Parked;
use super::pending::Pending;
use domain::StoreId;
use eventlog::{Checkpoint, Position};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::time::Duration;

/// What is to be done next in a lane.
#[derive(Clone, Debug)]
pub(super) enum LaneItem {
    /// For the first time.
    First(Box<Pending>),
    /// What is parked, from its event on.
    Again(Box<Parked>),
}

/// How much may be under way at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) reactions: usize,
    pub(super) of_a_store: usize,
    /// Each store has one at most.
    pub(super) jobs: usize,
}

#[derive(Default)]
pub(super) struct Lanes {
    lanes: HashMap<Lane, Queue>,
    /// Of each store, the lanes that nothing is under way in, by the time and place of what comes next.
    ready: BTreeMap<StoreId, BTreeSet<(Duration, Position, Lane)>>,
    /// The store whose turn it was.
    last_turn: Option<StoreId>,
    under_way: UnderWay,
    /// Of each store, what waits or is under way, without what is parked.
    waiting: HashMap<StoreId, usize>,
    all_waiting: usize,
    parked: usize,
    outstanding: Outstanding,
    /// Rises with every change of what is parked.
    changes: u64,
}

struct Queue {
    store: StoreId,
    /// Of these the first may be under way. Empty once parked.
    waiting: VecDeque<Pending>,
    parked: Option<Parked>,
    /// While parked: the latest event of the stream that came.
    seen: Option<u64>,
    /// Where the lane stands in `ready`; `None` while something is under way.
    place: Option<(Duration, Position)>,
}

#[derive(Default)]
struct UnderWay {
    reactions: usize,
    jobs: usize,
    reactions_of: HashMap<StoreId, usize>,
    jobs_of: HashMap<StoreId, usize>,
}

impl UnderWay {
    fn counts(&mut self, is_job: bool) -> (&mut usize, &mut HashMap<StoreId, usize>) {
        match is_job {
            true => (&mut self.jobs, &mut self.jobs_of),
            false => (&mut self.reactions, &mut self.reactions_of),
        }
    }

    fn begins(&mut self, is_job: bool, store: StoreId) {
        let (all, of_store) = self.counts(is_job);
        *all += 1;
        *of_store.entry(store).or_default() += 1;
    }

    fn ends(&mut self, is_job: bool, store: StoreId) {
        let (all, of_store) = self.counts(is_job);
        *all -= 1;
        subtract(of_store, store, 1);
    }

    fn has_room(&self, is_job: bool, store: StoreId, room: Room) -> bool {
        let of = |counts: &HashMap<StoreId, usize>| counts.get(&store).copied().unwrap_or(0);
        match is_job {
            true => self.jobs < room.jobs && of(&self.jobs_of) < 1,
            false => self.reactions < room.reactions && of(&self.reactions_of) < room.of_a_store,
        }
    }
}

fn subtract(counts: &mut HashMap<StoreId, usize>, store: StoreId, count: usize) {
    if let Some(known) = counts.get_mut(&store) {
        *known = known.saturating_sub(count);
        if *known == 0 {
            counts.remove(&store);
        }
    }
}

impl Lanes {
    /// In its place in its lane, mostly the last; in a lane that is parked nothing is kept, its stream will say it.
    pub(super) fn push(&mut self, pending: Pending) {
        let lane = pending.lane();
        let (store, origin) = (pending.origin.store_id, &pending.origin);
        let queue = self.lanes.entry(lane.clone()).or_insert_with(|| Queue::new(store));
        if queue.parked.is_some() {
            queue.seen = queue.seen.max(Some(origin.revision));
            return;
        }
        // Where the worker had to go back, it reads again what waits here already, and what comes before it.
        let Err(place) = queue.waiting.binary_search_by_key(&origin.position, |known| known.origin.position) else {
            return;
        };
        let is_under_way = queue.place.is_none() && !queue.waiting.is_empty();
        let place = place.max(usize::from(is_under_way));
        self.outstanding.add(origin.before);
        *self.waiting.entry(store).or_default() += 1;
        self.all_waiting += 1;
        queue.waiting.insert(place, pending);
        if place == 0 {
            self.take_place(&lane);
            self.go_on(&lane);
        }
    }

    /// What was parked when the worker last ran.
    pub(super) fn restore(&mut self, parked: Parked, now: Duration) {
        let lane = parked.lane();
        let place = (now, parked.position);
        let queue = Queue { parked: Some(parked.clone()), ..Queue::new(parked.store_id) };
        if self.lanes.insert(lane.clone(), queue).is_none() {
            self.parked += 1;
            self.changes += 1;
        }
        self.make_ready(&lane, place);
    }

    fn make_ready(&mut self, lane: &Lane, place: (Duration, Position)) {
        let Some(queue) = self.lanes.get_mut(lane) else { return };
        queue.place = Some(place);
        self.ready.entry(queue.store).or_default().insert((place.0, place.1, lane.clone()));
    }

    fn take_place(&mut self, lane: &Lane) {
        let Some(queue) = self.lanes.get_mut(lane) else { return };
        let (store, Some((due_at, position))) = (queue.store, queue.place.take()) else { return };
        if let Some(of_store) = self.ready.get_mut(&store) {
            of_store.remove(&(due_at, position, lane.clone()));
            if of_store.is_empty() {
                self.ready.remove(&store);
            }
        }
    }

    /// What is due and has room, of the store whose turn it is.
    pub(super) fn next(&mut self, now: Duration, room: Room) -> Option<(Lane, LaneItem)> {
        let after = self.last_turn.map_or(Bound::Unbounded, Bound::Excluded);
        let until = self.last_turn.map_or(Bound::Unbounded, Bound::Included);
        let later = self.ready.range((after, Bound::Unbounded));
        let earlier = self.last_turn.map(|_| self.ready.range((Bound::Unbounded, until)));
        let of_store = |(store, of_store): (&StoreId, &BTreeSet<(Duration, Position, Lane)>)| {
            let due = of_store.iter().take_while(|(due_at, ..)| *due_at <= now);
            let mut with_room = due.filter(|(.., lane)| self.under_way.has_room(lane.is_job(), *store, room));
            with_room.next().map(|(.., lane)| (*store, lane.clone()))
        };
        let (store, lane) = later.chain(earlier.into_iter().flatten()).find_map(of_store)?;
        self.last_turn = Some(store);
        self.take_place(&lane);
        let queue = self.lanes.get(&lane)?;
        let work = match &queue.parked {
            Some(parked) => LaneItem::Again(Box::new(parked.clone())),
            None => LaneItem::First(Box::new(queue.waiting.front()?.clone())),
        };
        self.under_way.begins(lane.is_job(), store);
        Some((lane, work))
    }

    /// What was under way in the lane is done, up to before the revision.
    pub(super) fn done(&mut self, lane: &Lane, next_revision: u64, now: Duration) {
        let Some(queue) = self.lanes.get_mut(lane) else { return };
        self.under_way.ends(lane.is_job(), queue.store);
        if let Some(parked) = &mut queue.parked {
            // More came meanwhile than was read.
            if queue.seen.take().is_some_and(|seen| seen >= next_revision) {
                *parked = Parked { revision: next_revision, attempts: 0, ..parked.clone() };
                let place = (now, parked.position);
                return self.make_ready(lane, place);
            }
            self.lanes.remove(lane);
            self.parked -= 1;
            self.changes += 1;
            return;
        }
        if let Some(done) = queue.waiting.pop_front() {
            self.forget(&done);
        }
        self.go_on(lane);
    }

    /// Makes the lane ready for what comes next in it, or removes it.
    fn go_on(&mut self, lane: &Lane) {
        let Some(queue) = self.lanes.get(lane) else { return };
        match queue.waiting.front().map(|next| (next.due_at, next.origin.position)) {
            Some(place) => self.make_ready(lane, place),
            None => drop(self.lanes.remove(lane)),
        }
    }

    /// What was under way is to be tried again, after what else is due.
    pub(super) fn put_back(&mut self, lane: &Lane, now: Duration) {
        let Some(queue) = self.lanes.get(lane) else { return };
        self.under_way.ends(lane.is_job(), queue.store);
        let position = match (&queue.parked, queue.waiting.front()) {
            (Some(parked), _) => parked.position,
            (None, Some(pending)) => pending.origin.position,
            (None, None) => return,
        };
        self.make_ready(lane, (now, position));
    }

    /// What was under way can't be done: the lane is parked, and tried again then. `None` where there is no more room among what is
    /// parked: then it is gone from memory, and has to be read again from the checkpoint that this gives.
    pub(super) fn park(
        &mut self,
        lane: &Lane,
        parked: Parked,
        again_at: Duration,
        most: usize,
    ) -> Result<(), Option<Checkpoint>> {
        let Some(queue) = self.lanes.get_mut(lane) else { return Ok(()) };
        self.under_way.ends(lane.is_job(), queue.store);
        self.changes += 1;
        let place = (again_at, parked.position);
        if queue.parked.replace(parked).is_none() {
            let waiting: Vec<Pending> = queue.waiting.drain(..).collect();
            queue.seen = waiting.last().map(|last| last.origin.revision);
            waiting.iter().for_each(|pending| self.forget(pending));
            self.parked += 1;
            if self.parked > most {
                self.parked -= 1;
                self.lanes.remove(lane);
                return Err(waiting.first().map(|first| first.origin.before));
            }
        }
        self.make_ready(lane, place);
        Ok(())
    }

    fn forget(&mut self, pending: &Pending) {
        self.outstanding.remove(pending.origin.before);
        subtract(&mut self.waiting, pending.origin.store_id, 1);
        self.all_waiting -= 1;
    }

    /// Forgets what waits of the store after the position: it is read again. Gives before the first of it.
    pub(super) fn forget_after(&mut self, store: StoreId, after: Position) -> Option<Checkpoint> {
        let of_store = self.lanes.iter().filter(|(_, queue)| queue.store == store && queue.parked.is_none());
        let names: Vec<Lane> = of_store.map(|(lane, _)| lane.clone()).collect();
        let mut oldest: Option<Checkpoint> = None;
        for lane in names {
            let Some(queue) = self.lanes.get_mut(&lane) else { continue };
            let is_under_way = queue.place.is_none();
            let kept = queue.waiting.partition_point(|pending| pending.origin.position <= after);
            // What is under way stays whatever its place.
            let forgotten: Vec<Pending> = queue.waiting.drain(kept.max(usize::from(is_under_way))..).collect();
            let Some(first) = forgotten.first() else { continue };
            oldest = [oldest, Some(first.origin.before)].into_iter().flatten().min_by_key(|before| before.position);
            let is_empty = queue.waiting.is_empty();
            forgotten.iter().for_each(|pending| self.forget(pending));
            if is_empty {
                self.take_place(&lane);
                self.lanes.remove(&lane);
            }
        }
        oldest
    }

    pub(super) fn positions_of(&self, store: StoreId) -> impl Iterator<Item = Position> {
        let queues = self.lanes.values().filter(move |queue| queue.store == store);
        queues.flat_map(|queue| queue.waiting.iter().map(|pending| pending.origin.position))
    }

    /// Of all stores, without what is parked.
    pub(super) fn waiting(&self) -> usize {
        self.all_waiting
    }

    pub(super) fn waiting_of(&self, store: StoreId) -> usize {
        self.waiting.get(&store).copied().unwrap_or(0)
    }

    pub(super) fn waiting_by_store(&self) -> impl Iterator<Item = (StoreId, usize)> {
        self.waiting.iter().map(|(store, count)| (*store, *count))
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.reactions + self.under_way.jobs
    }

    pub(super) fn parked_count(&self) -> usize {
        self.parked
    }

    /// In the order of their places in the log.
    pub(super) fn parked(&self) -> Vec<Parked> {
        let mut parked: Vec<Parked> = self.lanes.values().filter_map(|queue| queue.parked.clone()).collect();
        parked.sort_by_key(|parked| parked.position);
        parked
    }

    /// Another number: what is parked has changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Before the oldest that waits or is under way, without what is parked.
    pub(super) fn oldest(&self) -> Option<Checkpoint> {
        self.outstanding.oldest()
    }
}

impl Queue {
    fn new(store: StoreId) -> Self {
        Self { store, waiting: VecDeque::new(), parked: None, seen: None, place: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lane::Kind;
    use super::super::pending::{Cause, Reaction};
    use super::*;
    use crate::Class;
    use domain::{Cents, JobId, OrderId};
    use eventlog::LogId;
    use eventlog::StreamName;
    use uuid::Uuid;

    const ROOM: Room = Room { reactions: 4, of_a_store: 2, jobs: 1 };
    const NOW: Duration = Duration::from_secs(60);

    fn store(number: u128) -> StoreId {
        StoreId(Uuid::from_u128(number))
    }

    fn pending(of: u128, stream: u128, position: u64) -> Pending {
        let before = Checkpoint { position: Position(position - 1), ..Checkpoint::start(LogId(Uuid::nil())) };
        let origin = Cause {
            stream: StreamName::new(format!("order-{stream}")),
            revision: position,
            store_id: store(of),
            event_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            by: None,
            before,
            position: Position(position),
        };
        Pending { reaction: Reaction::Order(OrderId(Uuid::from_u128(stream))), origin, due_at: NOW }
    }

    fn parked(of: &Pending, attempts: u32) -> Parked {
        Parked {
            stream: of.origin.stream.clone(),
            revision: of.origin.revision,
            position: of.origin.position,
            store_id: of.origin.store_id,
            why: Class::Busy,
            reason: String::new(),
            attempts,
            kind: Kind::Stream,
        }
    }

    /// The positions of all that is begun now.
    fn begun(lanes: &mut Lanes, now: Duration) -> Vec<u64> {
        begun_in(lanes, now, ROOM)
    }

    fn begun_in(lanes: &mut Lanes, now: Duration, room: Room) -> Vec<u64> {
        std::iter::from_fn(|| lanes.next(now, room))
            .map(|(_, work)| match work {
                LaneItem::First(pending) => pending.origin.position.0,
                LaneItem::Again(parked) => parked.position.0,
            })
            .collect()
    }

    #[test]
    fn stores_take_turns_and_none_takes_all_the_room() {
        let mut lanes = Lanes::default();
        (1..=5).for_each(|number| lanes.push(pending(1, number.into(), number)));
        lanes.push(pending(2, 6, 6));
        lanes.push(pending(3, 7, 7));
        assert_eq!(begun(&mut lanes, Duration::ZERO), [0; 0], "it is not their time");
        assert_eq!(begun(&mut lanes, NOW), [1, 6, 7, 2]);
        let of_third = pending(3, 7, 7);
        lanes.done(&of_third.lane(), 8, NOW);
        assert_eq!(begun(&mut lanes, NOW), [0; 0], "the first store has two under way");
        lanes.done(&pending(1, 1, 1).lane(), 2, NOW);
        assert_eq!(begun(&mut lanes, NOW), [3]);
        assert_eq!(lanes.oldest().map(|before| before.position.0), Some(1), "before the second, which is under way");
    }

    #[test]
    fn a_store_has_one_job_under_way_and_it_takes_no_room_from_what_else_there_is() {
        let job = |of, stream: u128, position| Pending {
            reaction: Reaction::Job { job_id: JobId(Uuid::from_u128(stream)), amount: Cents::ZERO },
            ..pending(of, stream, position)
        };
        let room = Room { reactions: 2, of_a_store: 1, jobs: 3 };
        let mut lanes = Lanes::default();
        [job(1, 1, 1), job(1, 2, 2), job(2, 3, 3)].into_iter().for_each(|job| lanes.push(job));
        assert_eq!(begun_in(&mut lanes, NOW, room), [1, 3]);
        [pending(1, 4, 4), pending(2, 5, 5)].into_iter().for_each(|pending| lanes.push(pending));
        assert_eq!(begun_in(&mut lanes, NOW, room), [4, 5]);
        lanes.done(&job(1, 1, 1).lane(), 2, NOW);
        assert_eq!(begun_in(&mut lanes, NOW, room), [2]);
    }

    #[test]
    fn a_lane_keeps_its_order_also_where_it_is_read_again() {
        let mut lanes = Lanes::default();
        for position in [4, 2, 4, 9] {
            lanes.push(pending(1, 1, position));
        }
        assert_eq!(lanes.waiting(), 3);
        let lane = pending(1, 1, 2).lane();
        for position in [2, 4, 9] {
            assert_eq!(begun(&mut lanes, NOW), [position]);
            lanes.done(&lane, position + 1, NOW);
        }
        assert_eq!((lanes.waiting(), lanes.oldest(), lanes.lanes.len()), (0, None, 0));
    }

    #[test]
    fn what_is_parked_waits_alone_holds_nothing_and_comes_back_with_all_that_came_since() {
        let mut lanes = Lanes::default();
        let (first, other) = (pending(1, 1, 1), pending(1, 2, 2));
        lanes.push(first.clone());
        lanes.push(other.clone());
        assert_eq!(begun(&mut lanes, NOW), [1, 2]);
        let again_at = NOW + Duration::from_secs(1);
        lanes.park(&first.lane(), parked(&first, 1), again_at, 10).expect("there is room");
        lanes.done(&other.lane(), 3, NOW);
        assert_eq!((lanes.parked_count(), lanes.waiting(), lanes.oldest()), (1, 0, None));
        lanes.push(pending(1, 1, 5));
        assert_eq!((lanes.waiting(), begun(&mut lanes, NOW)), (0, vec![]), "its stream will say it");
        assert_eq!(begun(&mut lanes, again_at), [1]);
        lanes.done(&first.lane(), 3, again_at);
        assert_eq!(begun(&mut lanes, again_at), [1], "more had come than was read");
        lanes.done(&first.lane(), 6, again_at);
        assert_eq!((lanes.parked_count(), lanes.lanes.len()), (0, 0));
    }

    #[test]
    fn beyond_what_is_remembered_it_is_said_from_where_to_read_again() {
        let mut lanes = Lanes::default();
        for position in [1, 2, 3] {
            lanes.push(pending(1, position.into(), position));
        }
        let room = Room { of_a_store: 4, ..ROOM };
        while let Some((lane, LaneItem::First(pending))) = lanes.next(NOW, room) {
            let kept = lanes.park(&lane, parked(&pending, 1), NOW + NOW, 2);
            let lost = kept.err().flatten().map(|before| before.position.0);
            assert_eq!(lost, (pending.origin.position.0 == 3).then_some(2));
        }
        assert_eq!((lanes.parked_count(), lanes.lanes.len(), lanes.under_way()), (2, 2, 0));
    }

    #[test]
    fn the_newer_part_of_a_store_is_forgotten_but_for_what_is_under_way() {
        let mut lanes = Lanes::default();
        (1..=6).for_each(|number| lanes.push(pending(1, number.into(), number)));
        lanes.push(pending(2, 7, 7));
        assert_eq!(begun(&mut lanes, NOW), [1, 7, 2]);
        let before = lanes.forget_after(store(1), Position(1)).expect("something was forgotten");
        assert_eq!((before.position.0, lanes.waiting_of(store(1)), lanes.waiting_of(store(2))), (2, 2, 1));
        lanes.done(&pending(1, 2, 2).lane(), 3, NOW);
        assert_eq!(begun(&mut lanes, NOW), [0; 0]);
    }
}
