//! Products and their stock.

use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, UnderWay};
use domain::product::{ChangeProduct, Product, ProductCommand, ProductCreated};
use domain::{Cents, ProductId};

#[derive(Clone, Debug)]
pub struct NewProduct {
    pub title: String,
    pub product_type: String,
    pub vendor: String,
    pub description: Option<String>,
    pub inventory: i64,
    pub sale_price_in_cents: Cents,
    pub tags: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryChange {
    /// Added to what is available, or taken from it.
    By(i64),
    /// What is available from now on.
    To(i64),
}

impl Commands {
    pub fn create_product(&self, request: &Request, new: NewProduct) -> UnderWay<ProductId> {
        self.run("create_product", request, move |session| async move {
            let product_id = ProductId(session.new_id("product"));
            let create = ProductCreated {
                product_id,
                store_id: session.store_id(),
                title: new.title,
                product_type: new.product_type,
                vendor: new.vendor,
                description: new.description,
                inventory: new.inventory,
                sale_price_in_cents: new.sale_price_in_cents,
                tags: new.tags,
            };
            decide(&session, product_id, ProductCommand::Create(create)).await
        })
    }

    pub fn change_product(&self, request: &Request, product: ProductId, change: ChangeProduct) -> UnderWay<ProductId> {
        self.on_product("change_product", request, product, ProductCommand::Change(change))
    }

    /// Deletes the product; it stays in open carts and can be billed.
    pub fn delete_product(&self, request: &Request, product: ProductId) -> UnderWay<ProductId> {
        self.on_product("delete_product", request, product, ProductCommand::Delete)
    }

    pub fn change_inventory(
        &self,
        request: &Request,
        product: ProductId,
        change: InventoryChange,
    ) -> UnderWay<ProductId> {
        let command = match change {
            InventoryChange::By(amount) => ProductCommand::AdjustInventory { amount },
            InventoryChange::To(inventory) => ProductCommand::SetInventory { inventory },
        };
        self.on_product("change_inventory", request, product, command)
    }

    pub fn add_product_tag(&self, request: &Request, product: ProductId, tag: String) -> UnderWay<ProductId> {
        self.on_product("add_product_tag", request, product, ProductCommand::AddTag { tag })
    }

    /// Removes one tag, or all (`None`).
    pub fn remove_product_tag(
        &self,
        request: &Request,
        product: ProductId,
        tag: Option<String>,
    ) -> UnderWay<ProductId> {
        let command = tag.map_or(ProductCommand::RemoveAllTags, |tag| ProductCommand::RemoveTag { tag });
        self.on_product("remove_product_tag", request, product, command)
    }

    fn on_product(
        &self,
        kind: &'static str,
        request: &Request,
        product: ProductId,
        command: ProductCommand,
    ) -> UnderWay<ProductId> {
        self.run(kind, request, move |session| async move { decide(&session, product, command).await })
    }
}

async fn decide(
    session: &Session,
    product: ProductId,
    command: ProductCommand,
) -> Result<Done<ProductId>, CommandError> {
    let executed = session.decide::<Product>(&product, command).await.map_err(refused::<Product>)?;
    Ok(session.done(product, executed.replayed))
}
