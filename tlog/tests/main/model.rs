//! What follows from a log by the definitions, worked out in the plainest way.

use crate::world::Told;
use proof::hash::{Hash, empty_root, leaf_hash, node_hash};
use proof::leaf::{ContentHash, Leaf};
use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroU64;
use uuid::Uuid;

/// The leaves of the log, one for each event that has one.
pub fn leaves(events: &[Told]) -> Vec<(Told, Leaf)> {
    let mut ranks: HashMap<Uuid, u64> = HashMap::new();
    let mut numbers: HashMap<Uuid, Numbers> = HashMap::new();
    let leaf = |told: &Told| {
        let (event, store) = (&told.event, told.store);
        let rank = ranks.entry(store).or_default();
        *rank += 1;
        let number = numbers.entry(store).or_default().next(told);
        let leaf = Leaf {
            stream: event.stream.to_string(),
            revision: event.revision,
            id: event.id,
            event_type: event.event_type.to_string(),
            data: ContentHash::of(&event.data),
            metadata: ContentHash::of(&event.metadata),
            store,
            rank: NonZeroU64::new(*rank).unwrap(),
            number: number.and_then(NonZeroU64::new),
        };
        (told.clone(), leaf)
    };
    events.iter().filter(|told| told.has_leaf).map(leaf).collect()
}

/// The numbers of a store's documents.
#[derive(Default)]
struct Numbers {
    yearly: bool,
    /// The years of all documents so far, by kind.
    issued: HashMap<char, Vec<i32>>,
}

impl Numbers {
    fn next(&mut self, told: &Told) -> Option<u64> {
        self.yearly = told.yearly.unwrap_or(self.yearly);
        let (kind, year) = told.document?;
        let issued = self.issued.entry(kind).or_default();
        // One that says none is of the year of the one before it.
        let year = year.or(issued.last().copied()).unwrap_or_default();
        issued.push(year);
        Some(issued.iter().filter(|of| !self.yearly || **of == year).count() as u64)
    }
}

/// The tree as RFC 6962 defines it: by recursion over all leaves. What has been computed once is kept.
pub struct Naive {
    leaves: Vec<Hash>,
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Naive {
    pub fn of(leaves: &[(Told, Leaf)]) -> Self {
        let leaves = leaves.iter().map(|(_, leaf)| leaf_hash(&leaf.to_bytes().unwrap())).collect();
        Self { leaves, known: RefCell::default() }
    }

    pub fn leaf(&self, index: usize) -> Hash {
        self.leaves[index]
    }

    /// MTH(D[from:to]), section 2.1.
    pub fn root(&self, from: usize, to: usize) -> Hash {
        if let Some(known) = self.known.borrow().get(&(from, to)) {
            return *known;
        }
        let root = match to - from {
            0 => empty_root(),
            1 => self.leaves[from],
            n => {
                // The largest power of two smaller than n.
                let k = 1 << (n - 1).ilog2();
                node_hash(&self.root(from, from + k), &self.root(from + k, to))
            }
        };
        self.known.borrow_mut().insert((from, to), root);
        root
    }
}
