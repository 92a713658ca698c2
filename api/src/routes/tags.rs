//! Tags of a product (api.md §3).

use super::Answer;
use super::products::{ids, show};
use crate::answers::product::ProductAnswer;
use crate::problem::{FieldError, Problem};
use crate::requests::product::TagParams;
use crate::wire::call::Call;
use crate::wire::query::check_text;

/// Adds a tag
///
/// At most 250 a product.
#[utoipa::path(
    post, path = "", operation_id = "addTag", tag = "Product",
    responses((status = 201, description = "The product", body = ProductAnswer)),
    extensions(("x-errors" = json!(["TAG_ALREADY_EXISTS", "TOO_MANY_TAGS"])))
)]
pub async fn add(call: Call) -> Answer {
    let product = call.parts.id()?;
    call.parts.params::<()>()?;
    let tag = call.parts.segment("tag").to_owned();
    check_text(&tag).map_err(|detail| Problem::field(FieldError::path("tag", detail)))?;
    let done = call.commands().add_product_tag(&call.request()?, product, tag).await?;
    let shown = show(&call.api, call.store_id(), product);
    Ok(call.created(&format!("/product/{product}"), done, ids(product), shown).await)
}

/// Removes a tag, or all
///
/// None removed: `TAG_NOT_FOUND`.
#[utoipa::path(
    delete, path = "", operation_id = "removeTag", tag = "Product", params(TagParams),
    responses((status = 204, description = "They are removed")),
    extensions(("x-errors" = json!(["TAG_NOT_FOUND"])))
)]
pub async fn remove(call: Call) -> Answer {
    let product = call.parts.id()?;
    let TagParams { tag } = call.parts.params()?;
    let done = call.commands().remove_product_tag(&call.request()?, product, tag).await?;
    Ok(call.deleted(done, ids(product)))
}
