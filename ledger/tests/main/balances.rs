//! That accounts say what the domain's states say, after every event.

use crate::books::{Books, Expected};
use crate::chance::for_seeds;
use crate::shop::Shop;
use domain::credit::CreditSource;
use ledger::Document;
use std::collections::BTreeMap;

/// How many things a shop does.
pub const STEPS: usize = 600;

/// What a document says is left is what its next event is held to.
fn documents_have_what_is_left(shop: &Shop, books: &Books) {
    for (id, card) in &shop.cards {
        let Document::GiftCard(known) = &books.documents[&id.0] else { panic!("a gift card") };
        let state = card.known().unwrap();
        assert_eq!((known.left(), known.source()), (state.balance.current, state.issued.source));
    }
    for (id, credit) in &shop.credits {
        let Document::Credit(known) = &books.documents[&id.0] else { panic!("a credit") };
        let state = credit.known().unwrap();
        let is_of_refund = matches!(state.issued.source, CreditSource::Refund { .. });
        assert_eq!((known.left(), known.is_of_refund()), (state.balance.current, is_of_refund));
    }
    let open = books.documents.values().flat_map(Document::open_refunds).map(|(refund, money)| (*refund, *money));
    let promised = shop.open_refunds.iter().map(|(refund, (_, money))| (*refund, *money));
    assert_eq!(open.collect::<BTreeMap<_, _>>(), promised.collect());
}

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
        documents_have_what_is_left(&shop, &books);
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
