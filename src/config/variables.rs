//! Variables that look like ours and are none: a setting that somebody believes to be in force.

use super::keys::KEYS;
use super::layers::variable;

/// Beginnings of variables that others set: tests and what they start, builds, docker-compose.yml, and Kubernetes for a service that is called cartlog.
const OTHERS: [&str; 9] = [
    "CARTLOG_TEST_",
    "CARTLOG_BENCH_",
    "CARTLOG_FUZZ_",
    "CARTLOG_SERVICES_",
    "CARTLOG_SERVICE_",
    "CARTLOG_PORT",
    "CARTLOG_BUILD_",
    "CARTLOG_PUBLISH",
    "CARTLOG_SECRETS",
];
/// A name that is more different than this, from 0 to 1, is meant to be none of ours.
const ALIKE: f64 = 0.6;

/// One sentence for each variable of the environment that no setting has, with the nearest that one has. It is no error: whatever
/// else runs in the same environment may have set it.
pub fn misspelt() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.iter().filter_map(|name| sentence(name)).collect()
}

fn sentence(name: &str) -> Option<String> {
    let known = known();
    let of_others = || OTHERS.iter().any(|beginning| name.starts_with(beginning));
    // Whatever case it is written in, it was meant for us.
    if !name.to_uppercase().starts_with("CARTLOG_") || known.iter().any(|known| known == name) || of_others() {
        return None;
    }
    let alike = |known: &String| strsim::normalized_damerau_levenshtein(&name.to_uppercase(), known);
    let nearest =
        known.iter().max_by(|one, two| alike(one).total_cmp(&alike(two))).filter(|known| alike(known) >= ALIKE);
    Some(match nearest {
        Some(nearest) => format!("the variable {name} is no setting and has no effect; did you mean {nearest}?"),
        None => format!("the variable {name} is no setting and has no effect; `cartlog config` shows what can be set"),
    })
}

fn known() -> Vec<String> {
    let files = KEYS.iter().filter(|key| key.secret).map(|key| format!("{}_FILE", variable(key.name)));
    KEYS.iter().map(|key| variable(key.name)).chain(files).chain(["CARTLOG_CONFIG".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_with_the_nearest_that_there_is() {
        for (name, nearest) in [
            ("CARTLOG_RATE_LIMTI", "CARTLOG_RATE_LIMIT"),
            ("CARTLOG_RATELIMIT", "CARTLOG_RATE_LIMIT"),
            ("CARTLOG_LISTN", "CARTLOG_LISTEN"),
            ("CARTLOG_LISTEN_FILE", "CARTLOG_LISTEN"),
            ("cartlog_data", "CARTLOG_DATA"),
            ("CARTLOG_SMTP_URL_FLE", "CARTLOG_SMTP_URL_FILE"),
        ] {
            let sentence = sentence(name).unwrap_or_else(|| panic!("{name} is not told"));
            assert!(sentence.contains(name) && sentence.ends_with(&format!("{nearest}?")), "{sentence}");
        }
        assert!(sentence("CARTLOG_COLOUR_OF_THE_DOOR").is_some_and(|sentence| sentence.contains("cartlog config")));
    }

    #[test]
    fn what_is_ours_or_somebody_elses_is_not_told() {
        for name in known() {
            assert_eq!(sentence(&name), None);
        }
        for name in ["CARTLOG_TEST_SEED", "CARTLOG_PORT_8080_TCP", "CARTLOG_SERVICE_HOST", "PATH", "CARTLOG"] {
            assert_eq!(sentence(name), None);
        }
    }
}
