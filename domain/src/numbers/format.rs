//! How a number is written.

use serde::{Deserialize, Serialize, de};
use std::fmt;
use std::str::FromStr;

/// A pattern for numbers, such as `R-{year}/{n:06}`: `{n}` is the rank, `{n:06}` with at least six digits, `{year}` the year
/// with at least four; the rest stands for itself.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberFormat(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Year,
    Rank { digits: usize },
}

/// The most characters of a pattern.
const MAX_CHARS: usize = 40;
/// The most digits that a rank is filled up to; one that has more is written whole.
const MAX_DIGITS: usize = 12;

/// Why a text is no pattern for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNumberFormat {
    #[error("must have 1 to {MAX_CHARS} characters")]
    Length,
    #[error("may have letters a to z, digits and -_/.# beside {{n}}, {{n:06}} and {{year}}")]
    Character,
    #[error("may have {{n}}, {{n:01}} to {{n:012}}, and {{year}} in braces, and nothing else")]
    Placeholder,
    #[error("must have {{n}} once")]
    Rank,
    #[error("may have {{year}} once at most")]
    Years,
    #[error("needs something that is no digit between {{year}} and {{n}}, so that no two numbers look the same")]
    Apart,
}

impl NumberFormat {
    /// The number with this rank, of that year.
    pub fn write(&self, year: i32, rank: u64) -> String {
        let mut number = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => number.push_str(text),
                Piece::Year => number.push_str(&format!("{year:04}")),
                Piece::Rank { digits } => number.push_str(&format!("{rank:0digits$}")),
            }
        }
        number
    }

    /// Whether the year stands in the number.
    pub fn has_year(&self) -> bool {
        self.0.contains(&Piece::Year)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether both are the same but for how many digits a rank is filled up to: then equal numbers have equal ranks, and equal years.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        let same = |(one, other): (&Piece, &Piece)| match (one, other) {
            (Piece::Rank { .. }, Piece::Rank { .. }) => true,
            (one, other) => one == other,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

/// `{n}`.
impl Default for NumberFormat {
    fn default() -> Self {
        Self(vec![Piece::Rank { digits: 1 }])
    }
}

impl FromStr for NumberFormat {
    type Err = BadNumberFormat;

    fn from_str(text: &str) -> Result<Self, BadNumberFormat> {
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return Err(BadNumberFormat::Length);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let piece;
            (piece, rest) = next_piece(rest)?;
            pieces.push(piece);
        }
        check(&pieces)?;
        Ok(Self(pieces))
    }
}

/// The first piece, and what stands behind it.
fn next_piece(text: &str) -> Result<(Piece, &str), BadNumberFormat> {
    if let Some(behind) = text.strip_prefix('{') {
        let (name, rest) = behind.split_once('}').ok_or(BadNumberFormat::Placeholder)?;
        return Ok((placeholder(name)?, rest));
    }
    let (plain, rest) = text.split_at(text.find('{').unwrap_or(text.len()));
    let known = |char: char| char.is_ascii_alphanumeric() || "-_/.#".contains(char);
    match plain.chars().all(known) {
        true => Ok((Piece::Text(plain.to_owned()), rest)),
        false => Err(BadNumberFormat::Character),
    }
}

fn placeholder(name: &str) -> Result<Piece, BadNumberFormat> {
    match name {
        "year" => return Ok(Piece::Year),
        "n" => return Ok(Piece::Rank { digits: 1 }),
        _ => {}
    }
    let digits = name.strip_prefix("n:0").filter(|digits| !digits.starts_with(['0', '+']));
    let digits = digits.and_then(|digits| digits.parse().ok()).filter(|digits| (1..=MAX_DIGITS).contains(digits));
    Ok(Piece::Rank { digits: digits.ok_or(BadNumberFormat::Placeholder)? })
}

fn check(pieces: &[Piece]) -> Result<(), BadNumberFormat> {
    let rank = |piece: &&Piece| matches!(piece, Piece::Rank { .. });
    let year = |piece: &&Piece| matches!(piece, Piece::Year);
    if pieces.iter().filter(rank).count() != 1 {
        return Err(BadNumberFormat::Rank);
    }
    if pieces.iter().filter(year).count() > 1 {
        return Err(BadNumberFormat::Years);
    }
    match pieces.iter().any(|piece| year(&piece)) && !are_apart(pieces) {
        true => Err(BadNumberFormat::Apart),
        false => Ok(()),
    }
}

/// Whether the first that is no text is followed by a text that no digits could be taken for.
fn are_apart(pieces: &[Piece]) -> bool {
    let mut from_first = pieces.iter().skip_while(|piece| matches!(piece, Piece::Text(_)));
    match from_first.nth(1) {
        Some(Piece::Text(text)) => text.chars().any(|char| !char.is_ascii_digit()),
        Some(Piece::Year | Piece::Rank { .. }) | None => false,
    }
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Year => f.write_str("{year}"),
            Piece::Rank { digits: 1 } => f.write_str("{n}"),
            Piece::Rank { digits } => write!(f, "{{n:0{digits}}}"),
        })
    }
}

impl fmt::Debug for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NumberFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NumberFormat {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
