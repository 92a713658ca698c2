//! For people: columns of a fixed width. What is longer is not cut, and pushes what follows.

use crate::{Dated, Posting};
use std::io::{self, Write};

pub(super) fn header(out: &mut impl Write) -> io::Result<()> {
    let (date, position, event, account) = ("date", "position", "event", "account");
    writeln!(out, "{date:10}  {position:>10}  {event:21}  {account:36}  {:>18}  {:>18}", "debit", "credit")
}

pub(super) fn entry(out: &mut impl Write, dated: &Dated, postings: &[(&str, Posting)]) -> io::Result<()> {
    let currency = dated.entry.currency();
    write!(out, "{:10}  {:>10}  {:21}", dated.date.to_string(), dated.position, dated.event_type.as_str())?;
    for (index, (name, posting)) in postings.iter().enumerate() {
        if index > 0 {
            write!(out, "{:45}", "")?;
        }
        let amount = posting.amount_in_cents;
        let shown = format!("{} {currency}", currency.decimal(amount.saturating_abs()));
        match amount {
            0.. => writeln!(out, "  {name:36}  {shown:>18}")?,
            _ => writeln!(out, "  {name:36}  {:18}  {shown:>18}", "")?,
        }
    }
    write!(out, "{:47}event {}", "", dated.event_id)?;
    if let Some(number) = &dated.number {
        write!(out, ", number {number}")?;
    }
    for (name, id) in dated.entry.refers_to().ids() {
        write!(out, ", {name} {id}")?;
    }
    writeln!(out)
}
