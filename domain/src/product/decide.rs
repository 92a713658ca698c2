//! The rules of a product. Those of what carts hold of it stand in `stock.rs`.

use super::*;
use crate::decider::changed;
use crate::limits::{MAX_INVENTORY, MAX_TAGS};
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};
use std::collections::HashSet;

pub(super) type Decision = Result<Vec<ProductEvent>, ProductRejection>;

impl Decider for Product {
    const CATEGORY: Category = Category::Product;

    type Id = crate::ProductId;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = ProductRejection;

    fn decide(&self, command: &ProductCommand, _context: &Context<'_>) -> Decision {
        match command {
            ProductCommand::Create(command) => self.create(command),
            ProductCommand::Change(change) => self.change(change),
            ProductCommand::Delete => self.delete(),
            ProductCommand::AdjustInventory { amount } => self.adjust_inventory(*amount),
            ProductCommand::SetInventory { inventory } => self.set_inventory(*inventory),
            ProductCommand::AddTag { tag } => self.add_tag(tag),
            ProductCommand::RemoveTag { tag } => self.remove_tag(tag),
            ProductCommand::RemoveAllTags => self.remove_all_tags(),
            ProductCommand::HoldStock { cart_id, customer_id, cart_revision, quantity } => {
                let asked = Hold { customer_id: *customer_id, cart_revision: *cart_revision, quantity: *quantity };
                self.hold_stock(*cart_id, asked)
            }
            ProductCommand::LowerHold { cart_id, cart_revision, quantity } => {
                self.lower_hold(*cart_id, *cart_revision, *quantity)
            }
            ProductCommand::ReleaseHold { cart_id } => self.release_hold(*cart_id),
            ProductCommand::ConsumeHold { cart_id, order_id, quantity } => {
                self.consume_hold(*cart_id, *order_id, *quantity)
            }
        }
    }

    fn evolve(&mut self, event: &ProductEvent, _at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event)
    }

    fn event(event: crate::Event) -> Option<ProductEvent> {
        match event {
            crate::Event::Product(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|product| product.store_id)
    }

    /// Stock held by carts does not change a product's revision (api.md §1, Versions).
    fn changes_representation(event: &ProductEvent) -> bool {
        match event {
            ProductEvent::StockHeld(_) | ProductEvent::StockReleased(_) | ProductEvent::StockConsumed(_) => false,
            ProductEvent::ProductCreated(_)
            | ProductEvent::ProductDescribed(_)
            | ProductEvent::ProductRepriced(_)
            | ProductEvent::ProductDeleted(_)
            | ProductEvent::InventoryAdjusted(_)
            | ProductEvent::ProductTagged(_)
            | ProductEvent::ProductTagRemoved(_) => true,
        }
    }

    fn creates(event: &ProductEvent) -> bool {
        matches!(event, ProductEvent::ProductCreated(_))
    }
}

impl Product {
    pub(super) fn found(&self) -> Result<&KnownProduct, ProductRejection> {
        self.live().ok_or(ProductRejection::ProductNotFound)
    }

    fn create(&self, command: &ProductCreated) -> Decision {
        if self.known().is_some() {
            return Err(ProductRejection::ProductExists);
        }
        if !(0..=MAX_INVENTORY).contains(&command.inventory) {
            return Err(ProductRejection::InventoryOutOfRange);
        }
        let mut seen = HashSet::with_capacity(command.tags.len());
        let tags: Vec<String> = command.tags.iter().filter(|tag| seen.insert(*tag)).cloned().collect();
        if tags.len() > MAX_TAGS {
            return Err(ProductRejection::TooManyTags);
        }
        Ok(vec![ProductCreated { tags, ..command.clone() }.into()])
    }

    fn change(&self, change: &ChangeProduct) -> Decision {
        let product = self.found()?;
        if change.given_inventory.is_some_and(|given| given != product.available) {
            return Err(ProductRejection::GivenInventoryDiffers);
        }
        if change.given_tags.as_ref().is_some_and(|given| !is_same_set(given, &product.tags)) {
            return Err(ProductRejection::GivenTagsDiffer);
        }
        let described = ProductDescribed {
            title: changed(&change.title, &product.title),
            product_type: changed(&change.product_type, &product.product_type),
            vendor: changed(&change.vendor, &product.vendor),
            description: changed(&change.description, &product.description),
        };
        let described = (described != ProductDescribed::default()).then(|| described.into());
        let repriced = changed(&change.sale_price_in_cents, &product.sale_price_in_cents)
            .map(|sale_price_in_cents| ProductRepriced { sale_price_in_cents }.into());
        Ok(described.into_iter().chain(repriced).collect())
    }

    fn delete(&self) -> Decision {
        self.found()?;
        Ok(vec![ProductDeleted {}.into()])
    }

    /// What carts gave back may lie above the limit; taking from it is allowed all the same.
    fn adjust_inventory(&self, amount: i64) -> Decision {
        let product = self.found()?;
        let available = product.available;
        let inventory = available.saturating_add(amount);
        if inventory < 0 {
            let asked = amount.saturating_neg();
            return Err(ProductRejection::InsufficientInventory { product_id: product.product_id, available, asked });
        }
        if amount > 0 && inventory > MAX_INVENTORY {
            return Err(ProductRejection::InventoryOutOfRange);
        }
        Ok(adjusted(available, inventory))
    }

    fn set_inventory(&self, inventory: i64) -> Decision {
        let product = self.found()?;
        if !(0..=MAX_INVENTORY).contains(&inventory) {
            return Err(ProductRejection::InventoryOutOfRange);
        }
        Ok(adjusted(product.available, inventory))
    }

    fn add_tag(&self, tag: &str) -> Decision {
        let product = self.found()?;
        if product.has_tag(tag) {
            return Err(ProductRejection::TagAlreadyExists);
        }
        if product.tags.len() >= MAX_TAGS {
            return Err(ProductRejection::TooManyTags);
        }
        Ok(vec![ProductTagged { tag: tag.to_owned() }.into()])
    }

    fn remove_tag(&self, tag: &str) -> Decision {
        let product = self.found()?;
        if !product.has_tag(tag) {
            return Err(ProductRejection::TagNotFound);
        }
        Ok(vec![ProductTagRemoved { tag: tag.to_owned() }.into()])
    }

    fn remove_all_tags(&self) -> Decision {
        let product = self.found()?;
        if product.tags.is_empty() {
            return Err(ProductRejection::TagNotFound);
        }
        Ok(product.tags.iter().map(|tag| ProductTagRemoved { tag: tag.clone() }.into()).collect())
    }
}

fn is_same_set(some: &[String], others: &[String]) -> bool {
    let set = |tags: &[String]| tags.iter().cloned().collect::<HashSet<_>>();
    set(some) == set(others)
}

fn adjusted(available: i64, inventory: i64) -> Vec<ProductEvent> {
    if inventory == available {
        return Vec::new();
    }
    vec![InventoryAdjusted { change: inventory - available, inventory }.into()]
}
