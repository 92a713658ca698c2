//! Where in the server's log nothing of ours stands. What lives here: the stretches that were looked through in vain, in memory, so
//! that they are not looked through again. What doesn't: how they are found ([`scan`](super::scan)), and how they outlive the
//! process ([`recall`](super::recall)).

use super::wire::Position;
use parking_lot::Mutex;

/// Shorter ones are looked through again as fast as they are remembered.
const SHORTEST_BYTES: u64 = 64 * 1024;
/// Of more the shortest are forgotten.
const MOST: usize = 256;
/// After so many bytes that were looked through in vain it is worth writing that down.
const SAVED_EVERY_BYTES: u64 = 32 * 1024 * 1024;

/// Nothing of ours stands after `from`, up to and including `to`. The server reads on from `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: Position,
    pub to: Position,
}

impl Stretch {
    fn bytes(self) -> u64 {
        self.to.commit.saturating_sub(self.from.commit)
    }
}

#[derive(Default)]
pub(super) struct Stretches(Mutex<KnownStretches>);

#[derive(Default)]
struct KnownStretches {
    /// In order, apart from each other.
    all: Vec<Stretch>,
    /// Bytes that were found since it was last written down.
    unsaved: u64,
}

impl Stretches {
    /// Nothing of ours was found there.
    pub fn note(&self, from: Position, to: Position) {
        let found = Stretch { from, to };
        if to <= from || to.commit > Position::GREATEST || found.bytes() < SHORTEST_BYTES {
            return;
        }
        let mut state = self.0.lock();
        let before = state.bytes();
        state.add(found);
        state.unsaved += state.bytes().saturating_sub(before);
    }

    /// As [`note`](Self::note), of those that were written down.
    pub fn recalled(&self, stretches: impl IntoIterator<Item = Stretch>) {
        let mut state = self.0.lock();
        stretches.into_iter().for_each(|stretch| state.add(stretch));
    }

    /// From where to go on instead of from after `after`.
    pub fn skip(&self, after: u64) -> Option<Position> {
        let state = self.0.lock();
        let next = state.all.partition_point(|stretch| stretch.from.commit <= after);
        let stretch = state.all.get(next.checked_sub(1)?)?;
        (after < stretch.to.commit).then_some(stretch.to)
    }

    /// The one nearest to the log's end.
    pub fn last(&self) -> Option<Stretch> {
        self.0.lock().all.last().copied()
    }

    pub fn all(&self) -> Vec<Stretch> {
        self.0.lock().all.clone()
    }

    /// Whether enough was found to write it down; whoever asks does so.
    pub fn take_unsaved(&self) -> bool {
        let mut state = self.0.lock();
        let is_worth_it = state.unsaved >= SAVED_EVERY_BYTES;
        if is_worth_it {
            state.unsaved = 0;
        }
        is_worth_it
    }

    /// The log is not what it was.
    pub fn forget(&self) {
        *self.0.lock() = KnownStretches::default();
    }
}

impl KnownStretches {
    fn bytes(&self) -> u64 {
        self.all.iter().map(|stretch| stretch.bytes()).sum()
    }

    fn add(&mut self, mut found: Stretch) {
        self.all.retain(|known| {
            let is_apart = known.to < found.from || found.to < known.from;
            if !is_apart {
                found = Stretch { from: known.from.min(found.from), to: known.to.max(found.to) };
            }
            is_apart
        });
        let place = self.all.partition_point(|known| known.from < found.from);
        self.all.insert(place, found);
        while self.all.len() > MOST {
            let shortest = self.all.iter().map(|known| known.bytes()).min();
            let nth = self.all.iter().position(|known| Some(known.bytes()) == shortest);
            self.all.remove(nth.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: u64 = SHORTEST_BYTES;

    fn noted(stretches: &[(u64, u64)]) -> Stretches {
        let all = Stretches::default();
        for (from, to) in stretches {
            all.note(Position::of(from * UNIT), Position::of(to * UNIT));
        }
        all
    }

    #[test]
    fn stretches_that_touch_are_one_and_the_way_goes_on_after_it() {
        let all = noted(&[(10, 20), (30, 40), (20, 25), (24, 30)]);
        assert_eq!(all.all(), [Stretch { from: Position::of(10 * UNIT), to: Position::of(40 * UNIT) }]);
        assert_eq!(all.skip(9 * UNIT), None);
        for inside in [10 * UNIT, 10 * UNIT + 1, 40 * UNIT - 1] {
            assert_eq!(all.skip(inside), Some(Position::of(40 * UNIT)));
        }
        assert_eq!(all.skip(40 * UNIT), None);
    }

    #[test]
    fn of_too_many_the_shortest_are_forgotten() {
        let many: Vec<_> = (0..MOST as u64 + 10).map(|nth| (nth * 1_000, nth * 1_000 + 1 + nth)).collect();
        let all = noted(&many).all();
        assert_eq!(all.len(), MOST);
        assert_eq!(all[0].from, Position::of(10 * 1_000 * UNIT));
    }

    #[test]
    fn what_ends_before_it_begins_or_beyond_all_places_is_none() {
        let all = noted(&[(5, 5), (7, 6)]);
        all.note(Position::of(1), Position::of(u64::MAX));
        assert_eq!(all.all(), []);
    }
}
