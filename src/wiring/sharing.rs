//! What nodes share, and what each keeps for itself: which settings make a node that works.
//!
//! What is in a node's data directory, nobody else reads or fills: so the node fills it itself, whoever leads elsewhere.

use crate::config::{Config, Role};
use anyhow::{Result, bail};

/// What one node fills and another may read, if it is not in a directory.
struct ReadModel {
    name: &'static str,
    /// Who fills it, and its name.
    role: (Role, &'static str),
    /// The setting that puts it where all nodes reach it.
    key: &'static str,
    is_shared: fn(&Config) -> bool,
    /// What is never answered without it.
    answers: &'static str,
}

const READ_MODELS: [ReadModel; 2] = [
    ReadModel {
        name: "the views",
        role: (Role::Views, "views"),
        key: "views_url",
        is_shared: |config| config.views_url.is_some(),
        answers: "query",
    },
    ReadModel {
        name: "the metric windows",
        role: (Role::Stream, "stream"),
        key: "windows_url",
        is_shared: windows_are_shared,
        answers: "metric",
    },
];

/// Whether one node counts the windows for all.
pub fn windows_are_shared(config: &Config) -> bool {
    config.windows_url.is_some()
}

/// Refuses a node that takes requests which it could never answer.
///
/// # Errors
/// Which part nobody would fill, and what to set instead.
pub fn check(config: &Config) -> Result<()> {
    if !config.role.has(Role::Api) {
        return Ok(());
    }
    for ReadModel { name, role: (role, called), key, is_shared, answers } in READ_MODELS {
        if !config.role.has(role) && !is_shared(config) {
            bail!(
                "no {answers} could ever be answered: {name} are in this node's own data directory, and the role `{called}`, which fills them, is left out; add the role, or set {key}"
            );
        }
    }
    Ok(())
}
