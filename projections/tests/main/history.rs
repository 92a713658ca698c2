//! Random histories: what several customers of several stores could have done, in a valid order.

use crate::world::World;
use domain::billing::CouponUse;
use domain::cart::*;
use domain::coupon::{CouponCreated, CouponEvent, CouponRedeemed, CouponRedemptionReversed, CouponVoided};
use domain::credit::{CreditEvent, CreditIssued, CreditSource, CreditSpendReversed, CreditSpent, CreditVoided};
use domain::customer::*;
use domain::gift_card::{GiftCardEvent, GiftCardSpent, GiftCardVoided};
use domain::invoice::{InvoiceFailed, RefundIssued, RefundLine, RefundsClosed};
use domain::numbers::NumberSettings;
use domain::order::{OrderCanceled, OrderDelivered, OrderShipped};
use domain::product::*;
use domain::store::{BatchCreditCompleted, BatchCreditStarted, StoreEvent, StoreNumberingChanged, StoreRenamed};
use domain::*;
use eventlog::testing::Chance;
use journal::testing::events::*;

/// Everything that exists, to ask for.
#[derive(Clone, Default)]
pub struct Known {
    pub stores: Vec<StoreId>,
    pub products: Vec<(StoreId, ProductId)>,
    pub customers: Vec<(StoreId, CustomerId)>,
    pub carts: Vec<CartId>,
    pub invoices: Vec<InvoiceId>,
    pub orders: Vec<OrderId>,
    pub gift_cards: Vec<GiftCardId>,
    pub credits: Vec<CreditId>,
    pub coupons: Vec<CouponId>,
    pub jobs: Vec<JobId>,
}

/// Makes histories, the same for the same seed.
pub struct Historian {
    chance: Chance,
    pub known: Known,
    open: Vec<OpenCart>,
    /// Issued, and neither collected nor failed.
    unpaid: Vec<(StoreId, CustomerId, CartId, InvoiceId, ProductId, u32)>,
    pending: Vec<(StoreId, OrderId)>,
}

struct OpenCart {
    store: StoreId,
    customer: CustomerId,
    cart: CartId,
    lines: Vec<(CartItemId, ProductId, u32)>,
}

impl Historian {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed),
            known: Known::default(),
            open: Vec::new(),
            unpaid: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }

    /// Lets so many things happen.
    pub async fn live(&mut self, world: &mut World, steps: usize) {
        for _ in 0..2usize.saturating_sub(self.known.stores.len()) {
            let store = world.store().await;
            self.known.stores.push(store);
        }
        for _ in 0..steps {
            // Now and then several things happen at the same moment.
            if self.below(4) == 0 {
                world.now -= 1_000;
            }
            self.step(world).await;
        }
    }

    async fn step(&mut self, world: &mut World) {
        match self.below(24) {
            0..=2 => self.new_product(world).await,
            3..=4 => self.new_customer(world).await,
            5 => self.customer_change(world).await,
            6..=7 => self.product_change(world).await,
            8..=13 => self.cart_change(world).await,
            14 => self.end_cart(world).await,
            15..=16 => self.settle(world).await,
            17 => self.order_change(world).await,
            18..=19 => self.gift_card(world).await,
            20 => self.credit(world).await,
            21 => self.coupon(world).await,
            22 => self.job(world).await,
            _ => self.store_change(world).await,
        }
    }

    async fn new_product(&mut self, world: &mut World) {
        const TITLES: [&str; 5] = ["Red table", "Blue tables", "Running shoe", "Old lamp_shade", "Café chair"];
        let which = self.below(2);
        let store = self.known.stores[which];
        let (title, tags) = (TITLES[self.below(5)], [["new", "sale"], ["sale", "wood"]][self.below(2)]);
        let (kind, vendor) = (["desk", "chair"][self.below(2)], ["Ikea", "Vitra"][self.below(2)]);
        let inventory = self.below(3) as i64 * 5;
        let tags = &tags[..self.below(3)];
        let product = world.product_with(store, title, kind, vendor, inventory, tags).await;
        self.known.products.push((store, product));
    }

    async fn new_customer(&mut self, world: &mut World) {
        let which = self.below(2);
        let store = self.known.stores[which];
        let email = format!("c{}@example.com", self.known.customers.len());
        let customer = world.customer(store, &email).await;
        self.known.customers.push((store, customer));
    }

    async fn customer_change(&mut self, world: &mut World) {
        let customers = std::mem::take(&mut self.known.customers);
        if let Some((store, customer)) = self.pick(&customers) {
            let (email_id, address_id) = (EmailId(world.id()), AddressId(world.id()));
            let address =
                PersonalAddress { address_id, street: None, city: None, zip: None, state: None, country: None };
            let event: CustomerEvent = match self.below(6) {
                0 => CustomerRenamed {
                    personal: PersonalData { first_name: Some("Grace".to_owned()), ..Default::default() }.into(),
                }
                .into(),
                1 => CustomerEmailAdded {
                    email_id,
                    claim_id: ClaimId(world.id()),
                    is_primary: self.below(2) == 0,
                    personal: PersonalData { email: Some(format!("{email_id}@example.com")), ..Default::default() }
                        .into(),
                }
                .into(),
                2 => CustomerAddressAdded {
                    address_id,
                    is_primary: self.below(2) == 0,
                    personal: PersonalData { addresses: vec![address], ..Default::default() }.into(),
                }
                .into(),
                3 => {
                    CustomerLoggedIn { expires_at: Timestamp::from_millis(world.now + 86_400_000), credential_id: None }
                        .into()
                }
                4 => CustomerConfirmed { confirmation_id: ConfirmationId(world.id()) }.into(),
                _ => CustomerCurrencyChanged { currency: "EUR".parse().expect("a currency") }.into(),
            };
            world.customer_event(store, customer, event).await;
        }
        self.known.customers = customers;
    }

    async fn product_change(&mut self, world: &mut World) {
        let products = self.known.products.clone();
        let Some((store, product)) = self.pick(&products) else { return };
        let event: ProductEvent = match self.below(6) {
            0 => ProductDescribed { description: Some(Some("Made of wood".to_owned())), ..Default::default() }.into(),
            1 => ProductRepriced { sale_price_in_cents: cents(self.below(10_000) as i64) }.into(),
            2 => ProductTagged { tag: format!("tag{}", self.below(1_000_000)) }.into(),
            3 => ProductTagRemoved { tag: "sale".to_owned() }.into(),
            4 => InventoryAdjusted { change: 0, inventory: self.below(20) as i64 }.into(),
            _ => ProductDeleted {}.into(),
        };
        world.product_event(store, product, event).await;
    }

    async fn cart_change(&mut self, world: &mut World) {
        let (customers, products) = (self.known.customers.clone(), self.known.products.clone());
        let Some((store, customer)) = self.pick(&customers) else { return };
        let own: Vec<_> = products.iter().filter(|(of, _)| *of == store).map(|(_, product)| *product).collect();
        let Some(product) = self.pick(&own) else { return };
        let place = match self.open.iter().position(|open| open.customer == customer) {
            Some(place) => place,
            None => {
                let cart = world.open_cart(store, customer).await;
                self.known.carts.push(cart);
                self.open.push(OpenCart { store, customer, cart, lines: Vec::new() });
                self.open.len() - 1
            }
        };
        let (action, quantity) = (self.below(6), 1 + self.below(3) as u32);
        let OpenCart { cart: cart_id, lines, .. } = &mut self.open[place];
        let cart_id = *cart_id;
        let line = lines.iter().position(|(_, of, _)| *of == product);
        let event: CartEvent = match (line, action) {
            (Some(line), 0) => {
                let (cart_item_id, product_id, previous_quantity) = lines.remove(line);
                CartItemRemoved { cart_id, cart_item_id, product_id, previous_quantity }.into()
            }
            (Some(line), 1) => {
                let (cart_item_id, product_id, previous_quantity) = lines[line];
                lines[line].2 = quantity;
                CartItemQuantitySet { cart_id, cart_item_id, product_id, line_quantity: quantity, previous_quantity }
                    .into()
            }
            (line, _) => {
                let line = line.unwrap_or_else(|| {
                    lines.push((CartItemId(world.id()), product, 0));
                    lines.len() - 1
                });
                lines[line].2 += quantity;
                let (cart_item_id, _, line_quantity) = lines[line];
                let added = cart_item_added(cart_id, cart_item_id, product, quantity);
                CartItemAdded { line_quantity, ..added }.into()
            }
        };
        let held = StockHeld { cart_id, customer_id: customer, cart_revision: 0, quantity, previous_quantity: 0 };
        world.product_event(store, product, held).await;
        world.cart_event(store, customer, event).await;
    }

    async fn end_cart(&mut self, world: &mut World) {
        if self.open.is_empty() {
            return;
        }
        let place = self.below(self.open.len());
        let OpenCart { store: store_id, customer: customer_id, cart: cart_id, lines } = self.open.swap_remove(place);
        let Some((_, product, quantity)) = lines.first().copied().filter(|_| self.below(3) > 0) else {
            return world.close_cart(store_id, customer_id, cart_id).await;
        };
        let coupon = self.known.coupons.first().map(|coupon_id| CouponUse {
            coupon_id: *coupon_id,
            code: "SAVE".to_owned(),
            redemption_id: CouponRedemptionId(world.id()),
            amount_in_cents: cents(0),
        });
        let invoice_id = InvoiceId(world.id());
        let terms = domain::billing::BillingTerms {
            currency: "USD".parse().expect("a currency"),
            items: Vec::new(),
            shipping: None,
            tax_rate_in_basis_points: 0,
            wallet: Vec::new(),
        };
        let billed = CartBilled { cart_id, invoice_id, customer_id, store_id, terms, coupon };
        world.cart_event(store_id, customer_id, billed).await;
        let invoice = world.issue_invoice(store_id, customer_id, cart_id, product, quantity).await;
        self.known.invoices.push(invoice);
        self.unpaid.push((store_id, customer_id, cart_id, invoice, product, quantity));
    }

    async fn settle(&mut self, world: &mut World) {
        if self.unpaid.is_empty() {
            return;
        }
        let place = self.below(self.unpaid.len());
        let (store, customer_id, cart_id, invoice, product, quantity) = self.unpaid.swap_remove(place);
        if self.below(4) == 0 {
            return world.invoice_event(store, invoice, InvoiceFailed { customer_id, cart_id }).await;
        }
        let order = world.collect(store, customer_id, cart_id, invoice, &[(product, quantity)]).await;
        self.known.orders.push(order);
        self.pending.push((store, order));
        if self.below(3) == 0 {
            let refund_id = RefundId(world.id());
            let refund = RefundIssued {
                refund_id,
                customer_id,
                lines: Vec::<RefundLine>::new(),
                total_amount_in_cents: cents(100),
                credit_amount_in_cents: Cents::ZERO,
                credit_id: None,
                nothing_left: false,
                issued_on: None,
            };
            world.invoice_event(store, invoice, refund).await;
            world.invoice_event(store, invoice, RefundsClosed { refund_ids: vec![refund_id] }).await;
        }
    }

    async fn order_change(&mut self, world: &mut World) {
        if self.pending.is_empty() {
            return;
        }
        let place = self.below(self.pending.len());
        let (store, order) = self.pending.swap_remove(place);
        match self.below(3) {
            0 => world.order_event(store, order, OrderShipped {}).await,
            1 => world.order_event(store, order, OrderDelivered { was_shipped: false }).await,
            _ => {
                world.order_event(store, order, OrderCanceled { reason: domain::order::CancelReason::Requested }).await
            }
        }
    }

    async fn gift_card(&mut self, world: &mut World) {
        let customers = self.known.customers.clone();
        let (Some((store_id, gifter)), Some((_, recipient))) = (self.pick(&customers), self.pick(&customers)) else {
            return;
        };
        let gift_card_id = GiftCardId(world.id());
        let issued = gift_card_issued(store_id, gift_card_id, [gifter, recipient], 5_000);
        let stream = format!("gift_card-{gift_card_id}");
        world.append(store_id, stream.clone(), GiftCardEvent::from(issued)).await;
        self.known.gift_cards.push(gift_card_id);
        let event: GiftCardEvent = match self.below(3) {
            0 => return,
            1 => GiftCardSpent {
                gift_card_spend_id: GiftCardSpendId(world.id()),
                invoice_id: InvoiceId(world.id()),
                amount_in_cents: cents(5_000),
                remaining_balance_in_cents: cents(0),
            }
            .into(),
            _ => GiftCardVoided {}.into(),
        };
        world.append(store_id, stream, event).await;
    }

    async fn credit(&mut self, world: &mut World) {
        let customers = self.known.customers.clone();
        let Some((store_id, customer_id)) = self.pick(&customers) else { return };
        let credit_id = CreditId(world.id());
        let stream = self.issue(world, store_id, customer_id, credit_id, CreditSource::Issued).await;
        let (credit_redemption_id, invoice_id) = (CreditRedemptionId(world.id()), InvoiceId(world.id()));
        let spent = CreditSpent {
            credit_redemption_id,
            invoice_id,
            amount_in_cents: cents(100),
            remaining_balance_in_cents: cents(400),
        };
        match self.below(3) {
            0 => {}
            1 => {
                world.append(store_id, stream.clone(), CreditEvent::from(spent)).await;
                let reversed = CreditSpendReversed {
                    credit_redemption_id,
                    invoice_id,
                    amount_in_cents: cents(100),
                    remaining_balance_in_cents: cents(500),
                };
                world.append(store_id, stream, CreditEvent::from(reversed)).await;
            }
            _ => {
                world.append(store_id, stream, CreditEvent::from(CreditVoided {})).await;
            }
        }
    }

    async fn issue(
        &mut self,
        world: &mut World,
        store_id: StoreId,
        customer_id: CustomerId,
        credit_id: CreditId,
        source: CreditSource,
    ) -> String {
        let issued = CreditIssued { source, ..credit_issued(store_id, credit_id, customer_id, 500) };
        let stream = format!("credit-{credit_id}");
        world.append(store_id, stream.clone(), CreditEvent::from(issued)).await;
        self.known.credits.push(credit_id);
        stream
    }

    async fn coupon(&mut self, world: &mut World) {
        let which = self.below(2);
        let store_id = self.known.stores[which];
        let coupon_id = CouponId(world.id());
        let code = format!("Save-{}", self.known.coupons.len());
        let created = CouponCreated { amount: 10, usage_limit: Some(5), ..coupon_created(store_id, coupon_id, &code) };
        let stream = format!("coupon-{coupon_id}");
        world.append(store_id, stream.clone(), CouponEvent::from(created)).await;
        self.known.coupons.push(coupon_id);
        let (redemption_id, invoice_id) = (CouponRedemptionId(world.id()), InvoiceId(world.id()));
        let customer_id = CustomerId(world.id());
        let redeemed = CouponRedeemed { redemption_id, invoice_id, customer_id, amount_in_cents: cents(10) };
        world.append(store_id, stream.clone(), CouponEvent::from(redeemed)).await;
        let event: CouponEvent = match self.below(2) {
            0 => CouponRedemptionReversed { redemption_id, invoice_id }.into(),
            _ => CouponVoided {}.into(),
        };
        world.append(store_id, stream, event).await;
    }

    async fn job(&mut self, world: &mut World) {
        let which = self.below(2);
        let store = self.known.stores[which];
        let (job_id, stream) = (JobId(world.id()), format!("store-{store}"));
        let started = BatchCreditStarted { job_id, amount_in_cents: cents(500) };
        world.append(store, stream.clone(), StoreEvent::from(started)).await;
        self.known.jobs.push(job_id);
        let customers: Vec<_> = self.known.customers.iter().filter(|(of, _)| *of == store).copied().collect();
        for (_, customer) in &customers {
            let credit = CreditId::of_job(job_id, *customer);
            self.issue(world, store, *customer, credit, CreditSource::Batch { job_id }).await;
        }
        let completed = BatchCreditCompleted { job_id, issued: customers.len() as u64 };
        world.append(store, stream, StoreEvent::from(completed)).await;
    }

    async fn store_change(&mut self, world: &mut World) {
        let which = self.below(2);
        let store = self.known.stores[which];
        let changed: StoreEvent = match self.below(2) {
            0 => StoreRenamed { name: format!("Shop {}", self.below(100)) }.into(),
            _ => {
                let format = ["R-{n}", "{year}/{n:04}", "{n}"][self.below(3)];
                let invoice_number_format = format.parse().expect("a format");
                let numbering = NumberSettings { invoice_number_format, ..NumberSettings::default() };
                StoreNumberingChanged { numbering }.into()
            }
        };
        world.append(store, format!("store-{store}"), changed).await;
    }
}
