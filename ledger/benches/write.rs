//! How long a million entries take to be made, and to be written in each format: `cargo bench -p cartlog-ledger`; `-- COUNT` for so many.

#![allow(clippy::unwrap_used, reason = "a bench that can't go on has failed")]

#[path = "../tests/main/books.rs"]
#[allow(dead_code, reason = "the tests' checks")]
mod books;
#[path = "../tests/main/chance.rs"]
#[allow(dead_code, reason = "the tests' seeds")]
mod chance;
#[path = "../tests/main/shop/mod.rs"]
#[allow(dead_code, reason = "the tests' shops")]
mod shop;

use books::Books;
use ledger::write::{Chart, Format, Mapping, Writer};
use ledger::{Dated, TaxRate};
use shop::{CURRENCIES, RATES, Shop};
use std::time::Instant;

/// Counts bytes and keeps none.
#[derive(Default)]
struct Counted(u64);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000_usize);
    let mut shop = Shop::new(0);
    (0..20_000).for_each(|_| shop.step());
    let begun = Instant::now();
    let entries: Vec<Dated> = Books::of(&shop).entries;
    let each = begun.elapsed() / shop.log.len() as u32;
    println!("{} events folded to {} entries: {each:?} an event", shop.log.len(), entries.len());
    let chart = Chart::new(CURRENCIES.map(|code| code.parse().unwrap()), RATES.map(TaxRate::BasisPoints));
    for format in Format::ALL {
        let begun = Instant::now();
        let mut writer = Writer::new(format, &chart, &Mapping::default(), Counted::default()).unwrap();
        entries.iter().cycle().take(count).for_each(|dated| writer.write(dated).unwrap());
        let bytes = writer.finish().unwrap().0;
        println!("{format:?}: {count} entries, {} MiB in {:?}", bytes >> 20, begun.elapsed());
    }
}
