//! Whose streams name claims, and what each of them says of one.

use domain::coupon::{Coupon, CouponCommand, CouponRejection};
use domain::customer::{Customer, CustomerCommand, CustomerRejection};
use domain::store::{Store, StoreCommand, StoreRejection};
use domain::{Category, ClaimId, CouponId, CustomerId, Decider, StoreId};

/// Whose stream names the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Store(StoreId),
    Customer(CustomerId),
    Coupon(CouponId),
}

/// How an owner's stream stands to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimStanding {
    Named,
    /// It does not name the claim, but may be about to.
    Unnamed,
    /// As [`ClaimStanding::Unnamed`]; and it does not exist yet, so only the event that creates it can name a claim.
    Unborn,
    /// It can't name anything any more.
    Gone,
}

/// An aggregate whose events name claims.
pub(crate) trait Names: Decider {
    /// The command after which the stream can't name the claim any more, unless it does already.
    fn give_up(claim_id: ClaimId) -> Self::Command;

    /// Whether a command was refused because its claim was given up.
    fn was_given_up(rejection: &Self::Rejection) -> bool;

    fn standing(&self, claim_id: ClaimId) -> ClaimStanding;
}

impl Owner {
    pub(super) fn stream(self) -> String {
        match self {
            Owner::Store(id) => Category::Store.stream(id),
            Owner::Customer(id) => Category::Customer.stream(id),
            Owner::Coupon(id) => Category::Coupon.stream(id),
        }
    }

    pub(super) fn of_stream(stream: &str) -> Option<Self> {
        let (category, id) = Category::of_stream(stream)?;
        match category {
            Category::Store => id.parse().ok().map(Owner::Store),
            Category::Customer => id.parse().ok().map(Owner::Customer),
            Category::Coupon => id.parse().ok().map(Owner::Coupon),
            Category::Product
            | Category::Cart
            | Category::Invoice
            | Category::Order
            | Category::GiftCard
            | Category::Credit
            | Category::Claim => None,
        }
    }
}

/// Of a stream that exists.
fn named(named: bool) -> ClaimStanding {
    if named { ClaimStanding::Named } else { ClaimStanding::Unnamed }
}

impl Names for Store {
    fn give_up(claim_id: ClaimId) -> StoreCommand {
        StoreCommand::GiveUpClaim { claim_id }
    }

    fn was_given_up(rejection: &StoreRejection) -> bool {
        matches!(rejection, StoreRejection::ClaimGivenUp { .. })
    }

    /// A deleted store keeps its app_id (api.md §2).
    fn standing(&self, claim_id: ClaimId) -> ClaimStanding {
        match self {
            Store::None | Store::Awaited { .. } => ClaimStanding::Unborn,
            Store::Live(_) | Store::Deleted { .. } => named(self.names_claim(claim_id)),
        }
    }
}

impl Names for Customer {
    fn give_up(claim_id: ClaimId) -> CustomerCommand {
        CustomerCommand::GiveUpClaim { claim_id }
    }

    fn was_given_up(rejection: &CustomerRejection) -> bool {
        matches!(rejection, CustomerRejection::ClaimGivenUp { .. })
    }

    /// A deleted customer's emails can be used again (api.md §4).
    fn standing(&self, claim_id: ClaimId) -> ClaimStanding {
        match self {
            Customer::Deleted { .. } => ClaimStanding::Gone,
            Customer::None | Customer::Awaited { .. } => ClaimStanding::Unborn,
            Customer::Live(_) => named(self.names_claim(claim_id)),
        }
    }
}

impl Names for Coupon {
    fn give_up(claim_id: ClaimId) -> CouponCommand {
        CouponCommand::GiveUpClaim { claim_id }
    }

    fn was_given_up(rejection: &CouponRejection) -> bool {
        matches!(rejection, CouponRejection::ClaimGivenUp { .. })
    }

    /// A voided coupon keeps its code.
    fn standing(&self, claim_id: ClaimId) -> ClaimStanding {
        match self {
            Coupon::None | Coupon::Awaited { .. } => ClaimStanding::Unborn,
            Coupon::Known(_) => named(self.names_claim(claim_id)),
        }
    }
}
