//! Which events have a leaf, and what stands in it.

use domain::Category;
use std::collections::BTreeSet;

/// Which version the leaves have, and of which streams there are some. What a log says of itself: so they need not be known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// As [`proof::leaf`] counts it.
    pub leaf_version: u32,
    /// What stands before the hyphen in the names of the streams that count.
    pub categories: BTreeSet<String>,
}

/// Why nothing is built by these rules: a tree of other leaves than they ask for would prove something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownRules {
    #[error("leaves of version {0} are not known to this version of cartlog, which makes those of version 1")]
    LeafVersion(u32),
    #[error("streams of the category '{0}' are not known to this version of cartlog")]
    Category(String),
    #[error("a tree of no category would have no leaf")]
    NoCategory,
}

/// Rules that are known here.
#[derive(Clone, Debug)]
pub struct RulesInForce {
    rules: Rules,
    categories: Vec<Category>,
}

impl Rules {
    /// Those that a tree begins with: version 1, and all streams of the business.
    pub fn first() -> Self {
        Self { leaf_version: 1, categories: Category::ALL.iter().map(Category::to_string).collect() }
    }

    /// # Errors
    /// Another version of cartlog made them.
    pub fn in_force(self) -> Result<RulesInForce, UnknownRules> {
        if self.leaf_version != 1 {
            return Err(UnknownRules::LeafVersion(self.leaf_version));
        }
        let known = |name: &String| Category::ALL.into_iter().find(|known| known.as_str() == name);
        let category = |name: &String| known(name).ok_or_else(|| UnknownRules::Category(name.clone()));
        let categories = self.categories.iter().map(category).collect::<Result<Vec<_>, _>>()?;
        match categories.is_empty() {
            true => Err(UnknownRules::NoCategory),
            false => Ok(RulesInForce { rules: self, categories }),
        }
    }
}

impl RulesInForce {
    /// Whether the events of the stream have leaves: those of the business have. What the log writes for itself (`cartlog-log`), and
    /// what others have in the same server (EventStoreDB's `$…`), has none: they are there or not, wherever a log is copied to, and
    /// say nothing of a store.
    pub fn counts(&self, stream: &str) -> bool {
        self.category(stream).is_some()
    }

    /// The category of a stream whose events have leaves.
    pub(crate) fn category(&self, stream: &str) -> Option<Category> {
        let (category, _) = Category::of_stream(stream)?;
        self.categories.contains(&category).then_some(category)
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_the_business_count() {
        let rules = Rules::first().in_force().expect("known");
        for stream in ["store-1", "gift_card-1", "claim-abc", "cart-"] {
            assert!(rules.counts(stream), "{stream}");
        }
        for stream in ["cartlog-log", "cartlog-stretches", "$settings", "$$cart-1", "carts-1", "cart", "", "Cart-1"] {
            assert!(!rules.counts(stream), "{stream}");
        }
        let carts = Rules { categories: ["cart".to_owned()].into(), ..Rules::first() }.in_force().expect("known");
        assert!(carts.counts("cart-1") && !carts.counts("store-1"));
    }

    #[test]
    fn rules_that_are_not_known_are_refused() {
        let first = Rules::first();
        let newer = Rules { leaf_version: 2, ..first.clone() };
        assert_eq!(newer.in_force().err(), Some(UnknownRules::LeafVersion(2)));
        let other = Rules { categories: ["cart".to_owned(), "parcel".to_owned()].into(), ..first.clone() };
        assert_eq!(other.in_force().err(), Some(UnknownRules::Category("parcel".to_owned())));
        let none = Rules { categories: BTreeSet::new(), ..first };
        assert_eq!(none.in_force().err(), Some(UnknownRules::NoCategory));
    }
}
