//! What is typed of a token: its name, its role, how long it lives.

use chrono::TimeDelta;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use commands::OperatorRole;
use std::time::Duration;

const LONGEST_NAME: usize = 100;
/// Longer, and it could as well have no end.
const LONGEST_LIFE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Why a text is no name of a token.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error("a name has 1 to 100 characters")]
    Length,
    /// It would be told apart from another only by what nobody sees, or write to the terminal that lists it.
    #[error("a name has no control characters, and no blanks around it")]
    Unseen,
}

/// Why a text is no time for which a token may live.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    #[error("write how long it lives, from now on: 12h, 30d or 1y")]
    Unreadable(#[source] humantime::DurationError),
    #[error("it would have expired by now; leave --expires out for a token that does not expire")]
    None,
    #[error("that is more than a hundred years; leave --expires out for a token that does not expire")]
    TooLong,
}

/// A token's name.
pub fn name(text: &str) -> Result<String, NameError> {
    if !(1..=LONGEST_NAME).contains(&text.chars().count()) {
        return Err(NameError::Length);
    }
    match text.trim() != text || text.chars().any(char::is_control) {
        true => Err(NameError::Unseen),
        false => Ok(text.to_owned()),
    }
}

/// How long a token lives, in milliseconds at least.
pub fn life(text: &str) -> Result<TimeDelta, LifeError> {
    let span = match text.trim() {
        "0" => Ok(Duration::ZERO),
        // humantime knows no time that runs backwards.
        past if past.starts_with('-') => Ok(Duration::ZERO),
        text => humantime::parse_duration(text),
    };
    match span.map_err(LifeError::Unreadable)? {
        span if span.as_millis() == 0 => Err(LifeError::None),
        span if span > LONGEST_LIFE => Err(LifeError::TooLong),
        span => TimeDelta::from_std(span).map_err(|_| LifeError::TooLong),
    }
}

/// The names of the roles.
pub fn role() -> impl TypedValueParser<Value = OperatorRole> {
    PossibleValuesParser::new(OperatorRole::ALL.map(OperatorRole::as_str))
        .try_map(|name| OperatorRole::named(&name).ok_or("there is no such role"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_read_as_people_write_it_and_has_its_bounds() {
        let read = |text: &str| life(text).map(|span| span.num_milliseconds()).map_err(|error| error.to_string());
        assert_eq!([read("1ms"), read("12h"), read("30d")], [Ok(1), Ok(43_200_000), Ok(2_592_000_000)]);
        let refused = [
            ("0", "expired by now"),
            ("0s", "expired by now"),
            ("999us", "expired by now"),
            ("-1d", "expired by now"),
            ("101y", "hundred years"),
            ("", "30d"),
            ("soon", "30d"),
            ("2030-01-01T00:00:00Z", "30d"),
        ];
        for (text, why) in refused {
            assert!(read(text).is_err_and(|refusal| refusal.contains(why)), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_name_has_one_to_a_hundred_characters_that_are_seen() {
        let longest = "é".repeat(100);
        assert!(["a", "Grace Hopper, laptop", &longest].into_iter().all(|text| name(text).is_ok()));
        let refused = ["", " ", " a", "a\n", "a\u{1b}[2Jb", &"é".repeat(101)];
        assert!(refused.into_iter().all(|text| name(text).is_err()));
    }
}
