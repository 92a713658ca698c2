//! What can be asked for, and the stream that holds its history.

use domain::Category;

/// A kind of object that has a history. A cart is asked for by its own id or by its customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Store,
    Product,
    Customer,
    Cart,
    Invoice,
    Order,
    Credit,
    GiftCard,
    Coupon,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Store,
        Kind::Product,
        Kind::Customer,
        Kind::Cart,
        Kind::Invoice,
        Kind::Order,
        Kind::Credit,
        Kind::GiftCard,
        Kind::Coupon,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        self.category().as_str()
    }

    /// By its name, or by one that the API has for it elsewhere; `None`: there is no such kind.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "giftcard" => Some(Kind::GiftCard),
            "coupon_code" => Some(Kind::Coupon),
            _ => Self::ALL.into_iter().find(|kind| kind.as_str() == text),
        }
    }

    /// Whose streams hold it. A cart's stream is its customer's, and holds all carts of that customer.
    pub fn category(self) -> Category {
        match self {
            Kind::Store => Category::Store,
            Kind::Product => Category::Product,
            Kind::Customer => Category::Customer,
            Kind::Cart => Category::Cart,
            Kind::Invoice => Category::Invoice,
            Kind::Order => Category::Order,
            Kind::Credit => Category::Credit,
            Kind::GiftCard => Category::GiftCard,
            Kind::Coupon => Category::Coupon,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name_and_by_the_names_that_the_api_has_for_it() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!([Kind::parse("giftcard"), Kind::parse("coupon_code")], [Some(Kind::GiftCard), Some(Kind::Coupon)]);
        for none in ["claim", "Invoice", "", "carts"] {
            assert_eq!(Kind::parse(none), None, "{none}");
        }
    }
}
