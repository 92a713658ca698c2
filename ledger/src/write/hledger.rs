//! hledger's journal: <https://hledger.org/hledger.html>.

use super::names::Names;
use crate::{Dated, Kind, Posting};
use domain::Currency;
use std::io::{self, Write};

pub(super) fn header(out: &mut impl Write, names: &Names, currencies: &[Currency]) -> io::Result<()> {
    writeln!(out, "; A store's books. Amounts are in the decimals of their currency; debits are above zero.")?;
    writeln!(out, "decimal-mark .")?;
    for currency in currencies {
        let sample = currency.decimal(0);
        // An amount without decimals needs its mark here all the same.
        let mark = if sample.contains('.') { "" } else { "." };
        writeln!(out, "commodity {sample}{mark} {currency}")?;
    }
    for (name, kind) in names.declared() {
        let kind = match kind {
            Kind::Asset => 'A',
            Kind::Liability => 'L',
            Kind::Equity => 'E',
            Kind::Income => 'R',
            Kind::Expense => 'X',
        };
        writeln!(out, "account {name}  ; type: {kind}")?;
    }
    Ok(())
}

pub(super) fn entry(out: &mut impl Write, dated: &Dated, postings: &[(&str, Posting)]) -> io::Result<()> {
    let currency = dated.entry.currency();
    write!(out, "\n{}", dated.date)?;
    if let Some(number) = &dated.number {
        write!(out, " ({number})")?;
    }
    write!(out, " {}  ; event:{}, position:{}", dated.event_type, dated.event_id, dated.position)?;
    for (name, id) in dated.entry.refers_to().ids() {
        write!(out, ", {name}:{id}")?;
    }
    writeln!(out)?;
    for (name, posting) in postings {
        writeln!(out, "    {name}  {} {currency}", currency.decimal(posting.amount_in_cents))?;
    }
    Ok(())
}
