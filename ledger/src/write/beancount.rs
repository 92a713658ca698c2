//! beancount's format: <https://beancount.github.io/docs/beancount_language_syntax.html>.

use super::names::Names;
use crate::{Dated, Posting};
use domain::Currency;
use std::io::{self, Write};

/// Accounts are open before any entry that can be written.
const OPENED: &str = "1970-01-01";

pub(super) fn header(out: &mut impl Write, names: &Names, currencies: &[Currency]) -> io::Result<()> {
    writeln!(out, "; A store's books. Amounts are in the decimals of their currency; debits are above zero.")?;
    for currency in currencies {
        writeln!(out, "{OPENED} commodity {currency}")?;
    }
    for (name, _) in names.declared() {
        writeln!(out, "{OPENED} open {name}")?;
    }
    Ok(())
}

pub(super) fn entry(out: &mut impl Write, dated: &Dated, postings: &[(&str, Posting)]) -> io::Result<()> {
    let currency = dated.entry.currency();
    writeln!(out, "\n{} * \"{}\"", dated.date, dated.event_type)?;
    writeln!(out, "  event: \"{}\"\n  position: {}", dated.event_id, dated.position)?;
    if let Some(number) = &dated.number {
        writeln!(out, "  number: \"{number}\"")?;
    }
    for (name, id) in dated.entry.refers_to().ids() {
        writeln!(out, "  {name}: \"{id}\"")?;
    }
    for (name, posting) in postings {
        writeln!(out, "  {name}  {} {currency}", currency.decimal(posting.amount_in_cents))?;
    }
    Ok(())
}
