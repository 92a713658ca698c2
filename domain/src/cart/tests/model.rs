//! Random commands on a customer's carts against a model that knows no events: a plain list of carts, written the way
//! api.md §5 and §6 tell it. Answer and visible state must agree after every step.

use super::fixtures::*;
use super::*;
use crate::limits::MAX_LINE_QUANTITY;
use crate::recent::KEPT_IN_TEST;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a client may try. Carts, products and invoices are named by small numbers.
#[derive(Clone, Debug)]
enum Step {
    Open { cart: u8 },
    Add { cart: u8, items: Vec<(u8, u32)> },
    Set { product: u8, quantity: u32 },
    Remove { products: Vec<u8> },
    Close,
    Expire { idle_for: i64 },
    Refuse { cart: u8 },
    Revoke { cart: u8 },
    Bill { invoice: u8, coupon: bool, stale: bool },
    Finish { invoice: u8, granted: bool },
    Shut,
    Wait { millis: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let quantity = || prop_oneof![8 => 1..20u32, 1 => Just(0u32), 1 => MAX_LINE_QUANTITY - 20..=MAX_LINE_QUANTITY + 1];
    let products = || vec(0..5u8, 0..4);
    prop_oneof![
        4 => (0..12u8).prop_map(|cart| Step::Open { cart }),
        12 => (0..12u8, vec((0..5u8, quantity()), 0..4)).prop_map(|(cart, items)| Step::Add { cart, items }),
        6 => (0..5u8, quantity()).prop_map(|(product, quantity)| Step::Set { product, quantity }),
        4 => products().prop_map(|products| Step::Remove { products }),
        2 => Just(Step::Close),
        2 => (0..100i64).prop_map(|idle_for| Step::Expire { idle_for }),
        1 => (0..12u8).prop_map(|cart| Step::Refuse { cart }),
        1 => (0..12u8).prop_map(|cart| Step::Revoke { cart }),
        6 => (0..6u8, any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(invoice, coupon, stale)| Step::Bill { invoice, coupon, stale }),
        6 => (0..6u8, any::<bool>()).prop_map(|(invoice, granted)| Step::Finish { invoice, granted }),
        1 => prop::bool::weighted(0.3).prop_map(|shut| if shut { Step::Shut } else { Step::Close }),
        6 => (1..60i64).prop_map(|millis| Step::Wait { millis }),
    ]
}

/// How a cart ended, or that it hasn't.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Open,
    WaitsForCoupon(u8),
    Closed,
    Billed(u8),
}

#[derive(Clone, Debug)]
struct ModelCart {
    cart: u8,
    stage: Stage,
    lines: Vec<(u8, u32)>,
    touched_at: i64,
}

/// All of a customer's carts in the order they were opened; the last one is the current one.
#[derive(Default)]
struct Model {
    carts: Vec<ModelCart>,
    deleted: bool,
    now: i64,
}

/// Whether something happened, or the word for why not.
type Answer = Result<bool, &'static str>;

impl Model {
    fn current(&mut self) -> Option<&mut ModelCart> {
        self.carts.last_mut().filter(|cart| matches!(cart.stage, Stage::Open | Stage::WaitsForCoupon(_)))
    }

    /// What stands in the way of any change.
    fn blocked(&mut self) -> Result<(), &'static str> {
        if self.deleted {
            return Err("deleted");
        }
        match self.current() {
            Some(ModelCart { stage: Stage::WaitsForCoupon(_), .. }) => Err("billing"),
            _ => Ok(()),
        }
    }

    fn known(&self, cart: u8) -> bool {
        self.carts.iter().any(|known| known.cart == cart)
    }

    fn start(&mut self, cart: u8) {
        let touched_at = self.now;
        self.carts.push(ModelCart { cart, stage: Stage::Open, lines: Vec::new(), touched_at });
    }

    fn take(&mut self, step: &Step) -> Answer {
        match step {
            Step::Open { cart } => self.open(*cart),
            Step::Add { cart, items } => self.add(*cart, items),
            Step::Set { product, quantity } => self.set(*product, *quantity),
            Step::Remove { products } => self.remove(products),
            Step::Close => {
                self.blocked()?;
                self.current().ok_or("none open").map(|cart| cart.stage = Stage::Closed)?;
                Ok(true)
            }
            Step::Expire { idle_for } => self.expire(*idle_for),
            Step::Refuse { .. } | Step::Revoke { .. } => {
                if self.deleted {
                    Err("deleted")
                } else {
                    Ok(true)
                }
            }
            Step::Bill { invoice, coupon, stale } => self.bill(*invoice, *coupon, *stale),
            Step::Finish { invoice, granted } => Ok(self.finish(*invoice, *granted)),
            Step::Shut => self.shut(),
            Step::Wait { millis } => {
                self.now += millis;
                Ok(false)
            }
        }
    }

    fn open(&mut self, cart: u8) -> Answer {
        self.blocked()?;
        if self.known(cart) {
            return Ok(false);
        }
        if let Some(open) = self.current() {
            open.stage = Stage::Closed;
        }
        self.start(cart);
        Ok(true)
    }

    fn add(&mut self, cart: u8, items: &[(u8, u32)]) -> Answer {
        self.blocked()?;
        match self.current().map(|open| open.cart) {
            Some(open) if open != cart => return Err("another is open"),
            None if self.known(cart) => return Err("has ended"),
            Some(_) | None => {}
        }
        let mut lines = self.current().map(|open| open.lines.clone()).unwrap_or_default();
        for &(product, quantity) in items {
            match lines.iter_mut().find(|line| line.0 == product) {
                Some(line) => line.1 += quantity,
                None => lines.push((product, quantity)),
            }
        }
        let fits = |quantity: u32| (1..=MAX_LINE_QUANTITY).contains(&quantity);
        if !items.iter().chain(&lines).all(|line| fits(line.1)) {
            return Err("quantity");
        }
        if items.is_empty() {
            return Ok(false);
        }
        if self.current().is_none() {
            self.start(cart);
        }
        self.change(lines)
    }

    fn set(&mut self, product: u8, quantity: u32) -> Answer {
        self.blocked()?;
        let mut lines = self.current().ok_or("none open")?.lines.clone();
        let line = lines.iter_mut().find(|line| line.0 == product).ok_or("not in cart")?;
        if !(1..=MAX_LINE_QUANTITY).contains(&quantity) {
            return Err("quantity");
        }
        if line.1 == quantity {
            return Ok(false);
        }
        line.1 = quantity;
        self.change(lines)
    }

    fn remove(&mut self, products: &[u8]) -> Answer {
        self.blocked()?;
        let mut lines = self.current().ok_or("none open")?.lines.clone();
        if !products.iter().all(|product| lines.iter().any(|line| line.0 == *product)) {
            return Err("not in cart");
        }
        if products.is_empty() {
            return Ok(false);
        }
        lines.retain(|line| !products.contains(&line.0));
        self.change(lines)
    }

    fn change(&mut self, lines: Vec<(u8, u32)>) -> Answer {
        let now = self.now;
        let cart = self.current().ok_or("none open")?;
        (cart.lines, cart.touched_at) = (lines, now);
        Ok(true)
    }

    fn expire(&mut self, idle_for: i64) -> Answer {
        if !self.deleted {
            self.blocked()?;
        }
        let idle_since = self.now - idle_for;
        match self.current() {
            Some(cart) if cart.touched_at <= idle_since => {
                cart.stage = Stage::Closed;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    fn bill(&mut self, invoice: u8, coupon: bool, stale: bool) -> Answer {
        self.blocked()?;
        if self.carts.iter().any(|cart| cart.stage == Stage::Billed(invoice)) {
            return Ok(false);
        }
        let cart = self.current().ok_or("none open")?;
        if cart.lines.is_empty() {
            return Err("empty");
        }
        if stale {
            return Err("changed");
        }
        cart.stage = if coupon { Stage::WaitsForCoupon(invoice) } else { Stage::Billed(invoice) };
        Ok(true)
    }

    fn finish(&mut self, invoice: u8, granted: bool) -> bool {
        match self.current() {
            Some(cart) if cart.stage == Stage::WaitsForCoupon(invoice) => {
                cart.stage = if granted { Stage::Billed(invoice) } else { Stage::Open };
                true
            }
            Some(_) | None => false,
        }
    }

    fn shut(&mut self) -> Answer {
        if self.deleted {
            return Ok(false);
        }
        self.blocked()?;
        if let Some(cart) = self.current() {
            cart.stage = Stage::Closed;
        }
        self.deleted = true;
        Ok(true)
    }
}

/// The step as a command. Whoever bills reads the cart first: the terms are those of its lines, unless they are stale.
fn command(step: &Step, cart: &Cart, now: i64) -> Option<CartCommand> {
    let ids = |products: &[u8]| products.iter().map(|product| product_id(*product)).collect();
    Some(match step {
        Step::Open { cart } => open(*cart),
        Step::Add { cart, items } => add(*cart, items),
        Step::Set { product, quantity } => set(*product, *quantity),
        Step::Remove { products } => CartCommand::RemoveItems { product_ids: ids(products) },
        Step::Close => CartCommand::Close { reason: CloseReason::Closed },
        Step::Expire { idle_for } => CartCommand::Expire { idle_since: Timestamp::from_millis(now - idle_for) },
        Step::Refuse { cart } => CartCommand::RefuseItems { cart_id: cart_id(*cart), product_ids: ids(&[0]) },
        Step::Revoke { cart } => CartCommand::RevokeHolds { cart_id: cart_id(*cart), product_ids: ids(&[1]) },
        Step::Bill { invoice, coupon, stale } => {
            let mut terms = terms_of(cart);
            if *stale {
                terms.items.iter_mut().take(1).for_each(|item| item.quantity += 1);
            }
            if *coupon { start_billing(*invoice, terms) } else { bill(*invoice, terms) }
        }
        Step::Finish { invoice, granted } => finish_billing(*invoice, *granted),
        Step::Shut => shut(),
        Step::Wait { .. } => return None,
    })
}

fn word(rejection: &CartRejection) -> &'static str {
    match rejection {
        CartRejection::CustomerDeleted => "deleted",
        CartRejection::BillingUnderWay { .. } => "billing",
        CartRejection::NoCartIsOpen => "none open",
        CartRejection::AnotherCartIsOpen => "another is open",
        CartRejection::CartHasEnded { .. } => "has ended",
        CartRejection::ProductNotInCart { .. } => "not in cart",
        CartRejection::QuantityOutOfRange { .. } => "quantity",
        CartRejection::CartIsFull => "full",
        CartRejection::CartIsEmpty => "empty",
        CartRejection::CartHasChanged => "changed",
        CartRejection::Amount(_) => "amount",
    }
}

/// The number under which the fixtures know the id.
fn number(id: uuid::Uuid) -> u8 {
    (id.as_u128() & 0xff) as u8
}

fn assert_agree(history: &History<Cart>, model: &mut Model) {
    let cart = &history.state;
    let lines = |cart: &OpenCart| cart.items.iter().map(|item| (number(item.product_id.0), item.quantity)).collect();
    let current: Option<(u8, Vec<(u8, u32)>)> = cart.current().map(|cart| (number(cart.cart_id.0), lines(cart)));
    assert_eq!(current, model.current().map(|cart| (cart.cart, cart.lines.clone())));
    let waits_for = cart.billing().map(|billing| Stage::WaitsForCoupon(number(billing.invoice_id.0)));
    let stage = model.current().map(|cart| cart.stage.clone());
    assert_eq!(waits_for, stage.filter(|stage| *stage != Stage::Open));
    assert_eq!(matches!(cart, Cart::Shut { .. }), model.deleted);
    for past in model.carts.iter().filter(|_| !model.deleted) {
        let expected = match past.stage {
            Stage::Closed => Ending::Closed,
            Stage::Billed(invoice) => Ending::Billed(invoice_id(invoice)),
            Stage::Open | Stage::WaitsForCoupon(_) => Ending::Never,
        };
        let ending = cart.ending(cart_id(past.cart));
        assert!(ending == expected || ending == Ending::NotKept, "{ending:?}, not {expected:?}");
    }
}

/// From the events alone: one cart is open at a time, each opens once, ends once, and is one invoice at most.
fn audit(history: &History<Cart>) {
    let (mut open, mut opened, mut billed) = (None, Vec::new(), Vec::new());
    for (event, _) in &history.events {
        match event {
            CartEvent::CartOpened(event) => {
                assert_eq!(open.replace(event.cart_id), None, "two carts are open");
                assert!(!opened.contains(&event.cart_id), "a cart opened twice");
                opened.push(event.cart_id);
            }
            CartEvent::CartClosed(event) => assert_eq!(open.take(), Some(event.cart_id)),
            CartEvent::CartBilled(event) => {
                assert_eq!(open.take(), Some(event.cart_id), "a cart was billed that isn't open");
                assert!(!billed.contains(&event.invoice_id), "one invoice for two carts");
                billed.push(event.invoice_id);
            }
            CartEvent::CartItemAdded(_)
            | CartEvent::CartItemQuantitySet(_)
            | CartEvent::CartItemRemoved(_)
            | CartEvent::CartBillingStarted(_)
            | CartEvent::CartBillingRefused(_) => assert_eq!(open, event.cart_id()),
            CartEvent::CartItemsRefused(_) | CartEvent::CartHoldsRevoked(_) => {}
            CartEvent::CartStreamShut(_) => assert_eq!(open, None, "a cart stayed open"),
        }
    }
}

proptest! {
    #[test]
    fn carts_answer_as_the_model_does(steps in vec(any_step(), 0..80), kept in 1..12usize) {
        KEPT_IN_TEST.set(kept);
        let mut model = Model::default();
        let mut history = History::<Cart>::new();
        for step in &steps {
            let expected = model.take(step);
            history.now = Timestamp::from_millis(NOW.as_millis() + model.now);
            let Some(command) = command(step, &history.state, history.now.as_millis()) else { continue };
            let answer = history.send(&command);
            let got = answer.as_ref().map(|events| !events.is_empty()).map_err(word);
            prop_assert_eq!(got, expected, "{:?}", step);
            assert_agree(&history, &mut model);
            prop_assert!(answer.is_err() || !is_repeatable(step) || history.send(&command) == Ok(Vec::new()));
        }
        audit(&history);
        history.assert_survives_storage();
    }
}

/// The commands that give no event when they are repeated on their own result.
fn is_repeatable(step: &Step) -> bool {
    match step {
        Step::Open { .. } | Step::Set { .. } | Step::Expire { .. } | Step::Finish { .. } | Step::Shut => true,
        Step::Bill { coupon, .. } => !coupon,
        Step::Add { .. }
        | Step::Remove { .. }
        | Step::Close
        | Step::Refuse { .. }
        | Step::Revoke { .. }
        | Step::Wait { .. } => false,
    }
}
