//! Carts that race for one product, each step of each command at any moment: never is less held than carts hold, never
//! more than there is, and once all is done and recovery has looked, exactly that.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::testing::{NOW, decide, fold, id};
use crate::{CartId, Cents, CustomerId, ProductId, StoreId};
use proptest::prelude::*;

const CARTS: usize = 2;

/// A cart's stream, as far as it matters here: its length and the product's line.
#[derive(Default)]
struct Cart {
    length: u64,
    line: u32,
}

/// A command under way on a cart, which it read at `read_at`.
enum UnderWay {
    /// Will hold `quantity`, then append.
    Raise { cart: usize, read_at: u64, quantity: u32, held: bool },
    /// Has read what the cart has; will lower the hold to that.
    Settle { cart: usize, read_at: u64, quantity: u32 },
}

struct World {
    product: Product,
    carts: [Cart; CARTS],
    under_way: Vec<UnderWay>,
}

#[derive(Clone, Debug)]
enum Step {
    /// A command reads the cart, to raise its line by so much.
    BeginRaise {
        cart: usize,
        by: u32,
    },
    /// The cart's line is lowered at once; giving back begins.
    Shrink {
        cart: usize,
        to: u32,
    },
    /// Something else happens to the cart.
    Touch {
        cart: usize,
    },
    /// Recovery looks at the cart's hold.
    Recover {
        cart: usize,
    },
    /// One of the commands under way takes its next step.
    Advance {
        which: usize,
    },
    /// One of the commands under way dies.
    Crash {
        which: usize,
    },
    Adjust {
        amount: i64,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let (cart, which) = (0..CARTS, 0..8usize);
    prop_oneof![
        3 => (cart.clone(), 1..5u32).prop_map(|(cart, by)| Step::BeginRaise { cart, by }),
        2 => (cart.clone(), 0..3u32).prop_map(|(cart, to)| Step::Shrink { cart, to }),
        1 => cart.clone().prop_map(|cart| Step::Touch { cart }),
        2 => cart.prop_map(|cart| Step::Recover { cart }),
        8 => which.clone().prop_map(|which| Step::Advance { which }),
        1 => which.prop_map(|which| Step::Crash { which }),
        1 => (-3..4i64).prop_map(|amount| Step::Adjust { amount }),
    ]
}

fn cart_id(cart: usize) -> CartId {
    CartId(id(100 + cart as u128))
}

impl World {
    fn new() -> Self {
        let created = ProductCreated {
            product_id: ProductId(id(1)),
            store_id: StoreId(id(2)),
            title: "Oak table".into(),
            product_type: "Furniture".into(),
            vendor: "Woodworks".into(),
            description: None,
            inventory: 8,
            sale_price_in_cents: Cents::ZERO,
            tags: Vec::new(),
        };
        let mut product = Product::default();
        fold(&mut product, &[created.into()], NOW);
        Self { product, carts: Default::default(), under_way: Vec::new() }
    }

    fn send(&mut self, command: &ProductCommand) -> Result<(), ProductRejection> {
        let events = decide(&self.product, command, NOW)?;
        fold(&mut self.product, &events, NOW);
        Ok(())
    }

    fn hold(&self, cart: usize) -> Option<Hold> {
        self.product.known().unwrap().holds.get(&cart_id(cart)).copied()
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::BeginRaise { cart, by } => {
                let Cart { length, line } = self.carts[cart];
                self.under_way.push(UnderWay::Raise { cart, read_at: length, quantity: line + by, held: false });
            }
            Step::Shrink { cart, to } => {
                if to < self.carts[cart].line {
                    self.append(cart, to);
                    self.begin_settling(cart);
                }
            }
            Step::Touch { cart } => self.carts[cart].length += 1,
            Step::Recover { cart } => self.recover(cart),
            Step::Advance { which } if !self.under_way.is_empty() => {
                let next = self.under_way.remove(which % self.under_way.len());
                self.advance(next);
            }
            Step::Crash { which } if !self.under_way.is_empty() => {
                self.under_way.remove(which % self.under_way.len());
            }
            Step::Advance { .. } | Step::Crash { .. } => {}
            Step::Adjust { amount } => drop(self.send(&ProductCommand::AdjustInventory { amount })),
        }
    }

    fn append(&mut self, cart: usize, line: u32) {
        self.carts[cart].length += 1;
        self.carts[cart].line = line;
    }

    fn begin_settling(&mut self, cart: usize) {
        let Cart { length, line } = self.carts[cart];
        self.under_way.push(UnderWay::Settle { cart, read_at: length, quantity: line });
    }

    /// A hold that a slow command may still rest on is not lowered before the cart has moved.
    fn recover(&mut self, cart: usize) {
        let Some(hold) = self.hold(cart) else { return };
        if hold.quantity > self.carts[cart].line && hold.cart_revision >= self.carts[cart].length {
            self.carts[cart].length += 1;
        }
        self.begin_settling(cart);
    }

    fn advance(&mut self, next: UnderWay) {
        match next {
            UnderWay::Raise { cart, read_at, quantity, held: false } => {
                let customer_id = CustomerId(id(200 + cart as u128));
                let hold =
                    ProductCommand::HoldStock { cart_id: cart_id(cart), customer_id, cart_revision: read_at, quantity };
                if self.send(&hold).is_ok() {
                    self.under_way.push(UnderWay::Raise { cart, read_at, quantity, held: true });
                }
            }
            UnderWay::Raise { cart, read_at, quantity, held: true } => {
                if self.carts[cart].length == read_at {
                    self.append(cart, quantity);
                }
            }
            UnderWay::Settle { cart, read_at, quantity } => {
                let lower = ProductCommand::LowerHold { cart_id: cart_id(cart), cart_revision: read_at, quantity };
                self.send(&lower).unwrap();
            }
        }
    }

    fn check(&self) {
        assert!(self.product.known().unwrap().available >= 0);
        for (cart, has) in self.carts.iter().enumerate() {
            let held = self.hold(cart).map_or(0, |hold| hold.quantity);
            assert!(held >= has.line, "cart {cart} has {} and holds {held}", has.line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn carts_that_race_never_hold_less_than_they_have(steps in prop::collection::vec(any_step(), 0..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        while let Some(next) = world.under_way.pop() {
            world.advance(next);
            world.check();
        }
        for cart in 0..CARTS {
            world.recover(cart);
            while let Some(next) = world.under_way.pop() {
                world.advance(next);
            }
            prop_assert_eq!(world.hold(cart).map_or(0, |hold| hold.quantity), world.carts[cart].line);
        }
    }
}
