//! The tree as RFC 6962 defines it: by recursion over all leaves. What has been computed once is kept, as the tests ask
//! for every tree.

use proof::hash::{Hash, empty_root, node_hash};
use std::cell::RefCell;
use std::collections::HashMap;

pub struct Naive {
    leaves: Vec<Hash>,
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

/// The largest power of two smaller than n.
fn k(n: usize) -> usize {
    (0..).map(|power| 1 << power).take_while(|power| *power < n).last().expect("n is more than 1")
}

impl Naive {
    pub fn new(leaves: Vec<Hash>) -> Self {
        Self { leaves, known: RefCell::default() }
    }

    /// MTH(D[from:to]), section 2.1.
    pub fn root(&self, from: usize, to: usize) -> Hash {
        if let Some(known) = self.known.borrow().get(&(from, to)) {
            return *known;
        }
        let root = match to - from {
            0 => empty_root(),
            1 => self.leaves[from],
            n => node_hash(&self.root(from, from + k(n)), &self.root(from + k(n), to)),
        };
        self.known.borrow_mut().insert((from, to), root);
        root
    }

    /// PATH(m, D[from:to]), section 2.1.1.
    pub fn path(&self, m: usize, from: usize, to: usize) -> Vec<Hash> {
        let n = to - from;
        if n == 1 {
            return Vec::new();
        }
        let (mut path, beside) = match m < k(n) {
            true => (self.path(m, from, from + k(n)), self.root(from + k(n), to)),
            false => (self.path(m - k(n), from + k(n), to), self.root(from, from + k(n))),
        };
        path.push(beside);
        path
    }

    /// PROOF(m, D[0:n]), section 2.1.2, for 0 < m <= n.
    pub fn proof(&self, m: usize, n: usize) -> Vec<Hash> {
        self.subproof(m, 0, n, true)
    }

    fn subproof(&self, m: usize, from: usize, to: usize, is_whole: bool) -> Vec<Hash> {
        let n = to - from;
        if m == n {
            return if is_whole { Vec::new() } else { vec![self.root(from, to)] };
        }
        let (mut proof, beside) = match m <= k(n) {
            true => (self.subproof(m, from, from + k(n), is_whole), self.root(from + k(n), to)),
            false => (self.subproof(m - k(n), from + k(n), to, false), self.root(from, from + k(n))),
        };
        proof.push(beside);
        proof
    }
}
