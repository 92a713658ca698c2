//! Whether two patterns could give one number.

use super::NumberFormat;
use super::format::Piece;
use std::collections::BTreeSet;

/// What one character of a number may be.
#[derive(Clone, Copy)]
enum Symbol {
    This(char),
    Digit,
    /// A digit, and any number of further ones.
    Digits,
}

impl NumberFormat {
    /// Whether some rank and year in this pattern look like some in the other.
    pub(super) fn meets(&self, other: &Self) -> bool {
        meet(&symbols(self), &symbols(other))
    }
}

/// A year has four digits or more, a rank one or more, whatever it is filled up to: so what is told apart here is told apart also
/// after the year 9999.
fn symbols(format: &NumberFormat) -> Vec<Symbol> {
    let of_piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.chars().map(Symbol::This).collect(),
        Piece::Year => vec![Symbol::Digit, Symbol::Digit, Symbol::Digit, Symbol::Digits],
        Piece::Rank { .. } => vec![Symbol::Digits],
    };
    format.pieces().iter().flat_map(of_piece).collect()
}

/// Whether a text fits both: walks through both at once, by the pairs of places that one text can lead to.
fn meet(one: &[Symbol], other: &[Symbol]) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![(0, 0)]);
    while let Some(places) = open.pop() {
        if places == (one.len(), other.len()) {
            return true;
        }
        if !seen.insert(places) {
            continue;
        }
        for (symbol, next) in steps(one, places.0) {
            let fitting = steps(other, places.1).filter(|(of_other, _)| share_a_character(symbol, *of_other));
            open.extend(fitting.map(|(_, next_of_other)| (next, next_of_other)));
        }
    }
    false
}

/// What may come next at the place, and where that leads.
fn steps(symbols: &[Symbol], place: usize) -> impl Iterator<Item = (Symbol, usize)> {
    let further = place.checked_sub(1).and_then(|before| symbols.get(before));
    let further = further.filter(|symbol| matches!(symbol, Symbol::Digits)).map(|symbol| (*symbol, place));
    symbols.get(place).map(|symbol| (*symbol, place + 1)).into_iter().chain(further)
}

fn share_a_character(one: Symbol, other: Symbol) -> bool {
    match (one, other) {
        (Symbol::This(one), Symbol::This(other)) => one == other,
        (Symbol::This(char), Symbol::Digit | Symbol::Digits) | (Symbol::Digit | Symbol::Digits, Symbol::This(char)) => {
            char.is_ascii_digit()
        }
        (Symbol::Digit | Symbol::Digits, Symbol::Digit | Symbol::Digits) => true,
    }
}
