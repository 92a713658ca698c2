//! Which names programs can read.

/// Why a name is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No program could tell where it ends.
    #[error(
        "'{0}': parts between colons begin with a letter or a digit, and go on with those, '-', '_', '.', '/', '&', ''' and single spaces"
    )]
    Anywhere(String),
    /// beancount has rules of its own.
    #[error(
        "'{0}': beancount's names begin with Assets:, Liabilities:, Equity:, Income: or Expenses:, and each part with a capital letter or a \
         digit; only letters, digits and '-' follow"
    )]
    Beancount(String),
}

/// Whether all programs but beancount can read it as one name: no comment, status, code or second column is in it.
pub(super) fn check(name: &str) -> Result<(), BadName> {
    let is_plain = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/' | '&' | '\'' | ' ');
    let is_part = |part: &str| {
        part.starts_with(char::is_alphanumeric)
            && part.chars().all(is_plain)
            && !part.ends_with(' ')
            && !part.contains("  ")
    };
    let is_name = name.len() <= 200 && name.split(':').all(is_part);
    if is_name { Ok(()) } else { Err(BadName::Anywhere(name.to_owned())) }
}

/// Whether beancount can read it as well.
pub(super) fn check_beancount(name: &str) -> Result<(), BadName> {
    let mut parts = name.split(':');
    let is_root = parts.next().is_some_and(|root| {
        matches!(root, "Assets" | "Liabilities" | "Equity" | "Income" | "Expenses") && root.len() < name.len()
    });
    // Beyond ASCII: Latin, Greek and Cyrillic, of whose letters Unicode has no doubt whether they are capitals.
    let is_letter = |char: char| {
        char.is_ascii_alphabetic()
            || (matches!(char, 'À'..='ɏ' | 'Ά'..='ώ' | 'Ѐ'..='ԓ') && (char.is_uppercase() || char.is_lowercase()))
    };
    let begins = |char: char| char.is_ascii_digit() || (is_letter(char) && char.is_uppercase());
    let goes_on = |char: char| char == '-' || char.is_ascii_digit() || is_letter(char);
    match is_root && parts.all(|part| part.starts_with(begins) && part.chars().all(goes_on)) {
        true => Ok(()),
        false => Err(BadName::Beancount(name.to_owned())),
    }
}
