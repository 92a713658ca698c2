//! What states don't keep of the past, and an index does: what each invoice was told, which carts ended, which refunds were
//! issued, which event added an email.
//!
//! What lives here: what can be asked, what is answered, and under which key an index keeps it. How the answers follow from events
//! stands in `past`.

use crate::Cents;
use crate::coupon::CouponAnswer;
use crate::ids::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A question to the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PastQuestion {
    /// What the coupon told the invoice.
    CouponAnswer { coupon_id: CouponId, invoice_id: InvoiceId },
    /// How often the customer uses the coupon: uses that count.
    CouponUses { coupon_id: CouponId, customer_id: CustomerId },
    /// What the gift card or credit told the invoice.
    Spend { balance: Uuid, invoice_id: InvoiceId },
    /// How the cart ended.
    EndedCart { cart_id: CartId },
    /// Which cart was billed as the invoice.
    BilledCart { invoice_id: InvoiceId },
    /// Whether the refund was issued.
    Refund { refund_id: RefundId },
    /// Which event added the email that the claim is on.
    AddedEmail { claim_id: ClaimId },
}

/// What the index answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    CouponAnswer(CouponAnswer),
    CouponUses(u64),
    Spend(SpendAnswer),
    /// With its invoice if it was billed. The event that ended it stands in the cart's stream at `revision`.
    EndedCart {
        invoice_id: Option<InvoiceId>,
        revision: u64,
    },
    BilledCart {
        cart_id: CartId,
    },
    Refund,
    /// It stands in the customer's stream at `revision`.
    AddedEmail {
        revision: u64,
    },
}

impl PastQuestion {
    /// Under which the index keeps the fact. Uses are counted over the answers, and have no key of their own.
    pub fn key(&self) -> Option<Uuid> {
        let key = |label: &str, parts: &[&Uuid]| {
            let parts: Vec<&[u8]> = parts.iter().map(|id| id.as_bytes().as_slice()).collect();
            Some(derived(label, &parts))
        };
        match self {
            PastQuestion::CouponAnswer { coupon_id, invoice_id } => {
                key("coupon answer", &[&coupon_id.0, &invoice_id.0])
            }
            PastQuestion::CouponUses { .. } => None,
            PastQuestion::Spend { balance, invoice_id } => key("spend", &[balance, &invoice_id.0]),
            PastQuestion::EndedCart { cart_id } => key("ended cart", &[&cart_id.0]),
            PastQuestion::BilledCart { invoice_id } => key("billed cart", &[&invoice_id.0]),
            PastQuestion::Refund { refund_id } => key("refund", &[&refund_id.0]),
            PastQuestion::AddedEmail { claim_id } => key("added email", &[&claim_id.0]),
        }
    }
}

/// What an invoice was told by a gift card or a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendAnswer {
    /// Nil where nothing could be spent.
    pub spend_id: Uuid,
    /// 0: nothing could be spent.
    pub amount: Cents,
    /// The balance right after this answer.
    pub remaining: Cents,
    pub reversed: bool,
}
