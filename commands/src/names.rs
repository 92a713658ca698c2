//! Names that are no emails: app_ids, coupon codes.

/// The one form in which all spellings of a name are compared.
pub(crate) fn normalized(name: &str) -> String {
    name.to_lowercase()
}
