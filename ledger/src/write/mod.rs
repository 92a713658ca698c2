//! Books as bookkeeping programs read them: hledger, beancount, spreadsheets; and as people read them.
//!
//! What lives here: a header with what a file declares ([`Chart`]), an entry after the other as it comes, and other names for
//! accounts ([`Mapping`]). What doesn't: files, and which entries there are. The guarantee: nothing is kept of an entry once
//! it is written; `hledger check --strict` and `bean-check` accept what is written; and nothing that a person wrote goes in,
//! but names of a mapping and numbers of invoices, whose characters are held to.

mod beancount;
mod chart;
mod csv;
mod hledger;
mod mapping;
mod names;
mod rules;
mod table;

use crate::{Account, Dated, Posting};
use domain::Currency;
use std::io::{self, BufWriter, Write};

pub use chart::Chart;
pub use mapping::{BadLine, BadMapping, LineFault, Mapping};
pub use names::default_name;
pub use rules::BadName;

use names::Names;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// hledger's journal; also Ledger's, but for the types of accounts.
    Hledger,
    /// beancount's.
    Beancount,
    /// Comma-separated, a line for each posting, for spreadsheets.
    Csv,
    /// For people, in columns.
    Table,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 4] = [Format::Hledger, Format::Beancount, Format::Csv, Format::Table];
}

/// Writes entries, as they come.
#[derive(Debug)]
pub struct Writer<W: Write> {
    format: Format,
    names: Names,
    currencies: Vec<Currency>,
    out: BufWriter<W>,
}

/// It can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// By whoever takes the bytes.
    #[error("the books can't be written")]
    Io(#[from] io::Error),
    /// A mapped name is none in this format.
    #[error("the name of '{account}' can't be used")]
    Name {
        /// Whose name it is.
        account: Account,
        /// What it lacks.
        source: BadName,
    },
    /// The chart has not this account: a rate is missing from it.
    #[error("the entry at position {position} posts to '{account}', which is not declared")]
    UndeclaredAccount {
        /// The event's position in the log.
        position: u64,
        /// The account.
        account: Account,
    },
    /// The chart has not this currency.
    #[error("the entry at position {position} is in {currency}, which is not declared")]
    UndeclaredCurrency {
        /// The event's position in the log.
        position: u64,
        /// The currency.
        currency: Currency,
    },
    /// No program reads such a number as one word ([`Dated::number`]).
    #[error(
        "the number of the entry at position {position} is not of ASCII letters, digits, '-', '.', '/', '_' and '#', at most 64"
    )]
    Number {
        /// The event's position in the log.
        position: u64,
    },
    /// Not a day from 1970 to 2999, as programs have them.
    #[error("the entry at position {position} is of a day outside of 1970 to 2999")]
    Date {
        /// The event's position in the log.
        position: u64,
    },
}

impl<W: Write> Writer<W> {
    /// Writes the header: all that the chart declares, under the names that the mapping gives.
    ///
    /// # Errors
    /// A mapped name is none in the format; or the bytes are not taken.
    pub fn new(format: Format, chart: &Chart, mapping: &Mapping, out: W) -> Result<Self, WriteError> {
        let names = Names::new(chart, mapping, format == Format::Beancount)?;
        let currencies: Vec<Currency> = chart.currencies().collect();
        let mut out = BufWriter::new(out);
        match format {
            Format::Hledger => hledger::header(&mut out, &names, &currencies)?,
            Format::Beancount => beancount::header(&mut out, &names, &currencies)?,
            Format::Csv => csv::header(&mut out)?,
            Format::Table => table::header(&mut out)?,
        }
        Ok(Self { format, names, currencies, out })
    }

    /// Writes an entry. Programs sort by day themselves; entries may come in the order of the log.
    ///
    /// # Errors
    /// It names what the chart does not declare, or has a number or a day that programs can't read: then nothing of it is
    /// written. Or the bytes are not taken.
    pub fn write(&mut self, dated: &Dated) -> Result<(), WriteError> {
        let position = dated.position;
        if !(1970..=2999).contains(&chrono::Datelike::year(&dated.date)) {
            return Err(WriteError::Date { position });
        }
        if dated.number.as_deref().is_some_and(|number| !is_number(number)) {
            return Err(WriteError::Number { position });
        }
        let currency = dated.entry.currency();
        if self.currencies.binary_search(&currency).is_err() {
            return Err(WriteError::UndeclaredCurrency { position, currency });
        }
        let named = |posting: &'_ Posting| match self.names.get(posting.account) {
            Some(name) => Ok((name, *posting)),
            None => Err(WriteError::UndeclaredAccount { position, account: posting.account }),
        };
        let postings = dated.entry.postings().iter().map(named).collect::<Result<Vec<_>, _>>()?;
        match self.format {
            Format::Hledger => hledger::entry(&mut self.out, dated, &postings)?,
            Format::Beancount => beancount::entry(&mut self.out, dated, &postings)?,
            Format::Csv => csv::entry(&mut self.out, dated, &postings)?,
            Format::Table => table::entry(&mut self.out, dated, &postings)?,
        }
        Ok(())
    }

    /// All of it is with whoever takes the bytes, who is given back.
    ///
    /// # Errors
    /// The last bytes are not taken.
    pub fn finish(self) -> Result<W, WriteError> {
        let mut out = self.out.into_inner().map_err(|error| error.into_error())?;
        out.flush()?;
        Ok(out)
    }
}

fn is_number(number: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_' | b'#');
    (1..=64).contains(&number.len()) && number.bytes().all(is_plain)
}
