//! That the checks see what is missing: of each event type the entries are left out once, and something is found.

use crate::balances::STEPS;
use crate::books::{Books, Expected};
use crate::chance::for_seeds;
use crate::shop::Shop;
use ledger::MoneyEvent;
use std::collections::BTreeSet;

#[test]
fn whichever_event_makes_no_entry_the_accounts_say_so() {
    for_seeds(2, |seed| {
        let mut shop = Shop::new(seed);
        let mut folds: Vec<(MoneyEvent, Books)> =
            MoneyEvent::ALL.iter().map(|event| (*event, Books::default())).collect();
        let (mut taken, mut found) = (0, BTreeSet::new());
        for _ in 0..2 * STEPS {
            shop.step();
            let expected = Expected::of(&shop);
            for (forgotten, books) in &mut folds {
                shop.log[taken..].iter().for_each(|step| books.take_without(step, Some(*forgotten)));
                if !expected.broken(&books.balance).is_empty() {
                    found.insert(*forgotten);
                }
            }
            taken = shop.log.len();
        }
        let missed: Vec<_> = MoneyEvent::ALL.iter().filter(|event| !found.contains(event)).collect();
        assert!(missed.is_empty(), "nobody misses the entries of {missed:?}");
    });
}
