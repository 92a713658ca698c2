//! That accounts say what the domain's states say, after every event.

use crate::books::{Books, Expected};
use crate::chance::for_seeds;
use crate::shop::Shop;

/// How many things a shop does.
pub const STEPS: usize = 600;

fn every_event_leaves_accounts_as_states_are(mut shop: Shop) {
    let (mut books, mut taken) = (Books::default(), 0);
    for step in 0..STEPS {
        // At the end, and now and then, nothing is under way.
        if step % 100 == 99 {
            shop.settle();
        } else {
            shop.step();
        }
        shop.log[taken..].iter().for_each(|step| books.take(step));
        taken = shop.log.len();
        let broken = Expected::of(&shop).broken(&books.balance);
        assert!(broken.is_empty(), "after {:#?}:\n{}", shop.log.last(), broken.join("\n"));
    }
    assert!(shop.is_quiet() && books.entries.len() > STEPS / 4, "{} entries", books.entries.len());
}

#[test]
fn accounts_say_what_the_states_say_after_every_event() {
    for_seeds(12, |seed| every_event_leaves_accounts_as_states_are(Shop::new(seed)));
}

#[test]
fn so_they_do_of_a_shop_whose_events_say_neither_source_nor_rate() {
    for_seeds(6, |seed| every_event_leaves_accounts_as_states_are(Shop::old(seed)));
}
