//! Identities. Ids are newtypes, so that a cart's id can never stand where a customer's is meant.

use crate::macros::id;
use uuid::Uuid;

id!(/// A store: the tenant everything else belongs to.
    StoreId);
id!(/// A token that a store's clients authenticate with; the token's secret is never stored.
    TokenId);
id!(/// A person at a store's desk, as commands named them; who it is is sealed under a key of their own.
    ActorId);
id!(/// An entry of the vault: a hash of a secret or password, never the secret.
    CredentialId);
id!(/// A product of a store.
    ProductId);
id!(/// A customer of a store; also the id of the stream of all of the customer's carts.
    CustomerId);
id!(/// One of a customer's email addresses.
    EmailId);
id!(/// One of a customer's postal addresses.
    AddressId);
id!(/// One mailed confirmation link.
    ConfirmationId);
id!(/// One cart.
    CartId);
id!(/// One line of a cart.
    CartItemId);
id!(/// An invoice: exactly one per billed cart.
    InvoiceId);
id!(/// One line of an invoice.
    InvoiceLineItemId);
id!(/// One refund of an invoice.
    RefundId);
id!(/// What a refund gave back of one invoice line.
    RefundLineItemId);
id!(/// An order: exactly one per collected invoice.
    OrderId);
id!(/// One line of an order.
    OrderLineItemId);
id!(/// A gift card.
    GiftCardId);
id!(/// One spend of a gift card on an invoice.
    GiftCardSpendId);
id!(/// A store credit.
    CreditId);
id!(/// One spend of a credit on an invoice.
    CreditRedemptionId);
id!(/// A coupon code.
    CouponId);
id!(/// One use of a coupon code on an invoice.
    CouponRedemptionId);
id!(/// A batch credit job.
    JobId);
id!(/// One attempt at a unique name.
    ClaimId);

/// An id that follows from others: the same parts always give the same id, on every node, for ever.
///
/// `label` keeps ids of different kinds apart. A UUIDv8 (RFC 9562 §5.8) over BLAKE3.
pub fn derived(label: &str, parts: &[&[u8]]) -> Uuid {
    let mut hasher = blake3::Hasher::new_derive_key("cartlog derived id v1");
    hash_part(&mut hasher, label.as_bytes());
    parts.iter().for_each(|part| hash_part(&mut hasher, part));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Length first, so that ("ab", "c") and ("a", "bc") differ.
fn hash_part(hasher: &mut blake3::Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

impl OrderId {
    /// The order of a collected invoice.
    pub fn of_invoice(invoice: InvoiceId) -> Self {
        Self(derived("order", &[invoice.0.as_bytes()]))
    }
}

impl CreditId {
    /// The credit that a refund gives.
    pub fn of_refund(refund: RefundId) -> Self {
        Self(derived("refund credit", &[refund.0.as_bytes()]))
    }

    /// The credit that a batch job gives to one customer.
    pub fn of_job(job: JobId, customer: CustomerId) -> Self {
        Self(derived("batch credit", &[job.0.as_bytes(), customer.0.as_bytes()]))
    }
}
