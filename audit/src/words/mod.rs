//! What each event says, in words.

mod balances;
mod parties;
mod sales;

use super::amounts::Amounts;
use domain::Event;

/// What happened, in one line.
pub fn happened(event: &Event, amounts: Amounts) -> String {
    match event {
        Event::Store(event) => parties::store(event),
        Event::Customer(event) => parties::customer(event),
        Event::Product(event) => sales::product(event, amounts),
        Event::Cart(event) => sales::cart(event, amounts),
        Event::Invoice(event) => sales::invoice(event, amounts),
        Event::Order(event) => sales::order(event),
        Event::GiftCard(event) => balances::gift_card(event, amounts),
        Event::Credit(event) => balances::credit(event, amounts),
        Event::Coupon(event) => balances::coupon(event, amounts),
        Event::Claim(event) => parties::claim(event),
        Event::Remembered(_) => "a request was accepted that found nothing to change; its key is remembered".to_owned(),
    }
}

/// `1 tag`, `2 tags`.
fn several(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        more => format!("{more} {one}s"),
    }
}
