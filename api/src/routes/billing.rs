//! Billing a cart (api.md §6).

use super::Answer;
use super::invoices::{ids, show};
use crate::answers::invoice::InvoiceAnswer;
use crate::requests::cart::{BillParams, Shipping};
use crate::wire::call::Call;
use commands::BillCart;
use domain::Cents;

/// Bills the open cart
///
/// A cart is billed at most once and gives exactly one invoice.
#[utoipa::path(
    post, path = "", operation_id = "billCart", tag = "Invoice", params(BillParams), request_body = Option<Shipping>,
    responses((status = 201, description = "The invoice", body = InvoiceAnswer)),
    extensions(("x-errors" = json!([
        "AMOUNT_OUT_OF_RANGE", "CUSTOMER_IS_NOT_CONFIRMED", "NO_CART_IS_OPEN", "CART_IS_EMPTY", "CART_TOO_LARGE", "COUPON_NOT_FOUND",
        "COUPON_USED_UP", "COUPON_ALREADY_USED", "COUPON_MINIMUM_NOT_REACHED"
    ])))
)]
pub async fn bill(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let (params, shipping) = call.parts.params_and_body::<BillParams, Shipping>()?;
    let bill = BillCart {
        coupon: params.coupon,
        shipping_amount_in_cents: shipping.shipping_amount_in_cents.map(Cents::new).transpose()?,
    };
    let done = call.commands().bill_cart(&call.request_with_body()?, customer, bill).await?;
    let invoice = done.outcome;
    let shown = show(&call.api, call.store_id(), invoice);
    Ok(call.created(&format!("/invoice/{invoice}"), done, ids(invoice), shown).await)
}
