//! Comma-separated values (RFC 4180), a line for each posting.

use crate::{Dated, Posting};
use std::io::{self, Write};

pub(super) fn header(out: &mut impl Write) -> io::Result<()> {
    out.write_all(
        b"date,at,position,event_id,event,number,account,name,currency,debit,credit,\
          customer_id,invoice_id,refund_id,gift_card_id,credit_id,order_id\r\n",
    )
}

/// No field needs quotes: ids, numbers and names have neither commas nor quotes, and no formula can be made of their characters but a
/// subtraction.
pub(super) fn entry(out: &mut impl Write, dated: &Dated, postings: &[(&str, Posting)]) -> io::Result<()> {
    let currency = dated.entry.currency();
    let number = dated.number.as_deref().unwrap_or_default();
    for (name, posting) in postings {
        write!(out, "{},{},{},{},", dated.date, dated.at, dated.position, dated.event_id)?;
        write!(out, "{},{number},{},{name},{currency},", dated.event_type, posting.account)?;
        let amount = posting.amount_in_cents;
        match amount {
            0.. => write!(out, "{},", currency.decimal(amount))?,
            _ => write!(out, ",{}", currency.decimal(amount.saturating_neg()))?,
        }
        for id in dated.entry.refers_to().columns() {
            match id {
                Some(id) => write!(out, ",{id}")?,
                None => out.write_all(b",")?,
            }
        }
        out.write_all(b"\r\n")?;
    }
    Ok(())
}
