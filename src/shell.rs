//! What a shell and its user are given: completions and manual pages, made from the command line itself.

use crate::output;
use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use std::fs;
use std::path::Path;

/// Writes the completions for the shell to stdout.
pub fn completions(mut command: Command, shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "cartlog", &mut script);
    output::say(String::from_utf8(script).context("the completions are no text")?)
}

/// Writes a page for the program and one for each command into the directory, made if there is none.
///
/// # Errors
/// The disk's.
pub fn manual(command: Command, directory: &Path) -> Result<()> {
    let write = || {
        fs::create_dir_all(directory)?;
        clap_mangen::generate_to(command, directory)
    };
    write().with_context(|| format!("the manual can't be written to {}", directory.display()))?;
    output::say(format!("the manual is in {0}; read it with: man -l {0}/cartlog.1", directory.display()))
}
