//! What belongs to the shell: completions and the manual.

use super::Cli;
use crate::shell;
use anyhow::Result;
use clap::{Args, CommandFactory};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog completions bash > ~/.local/share/bash-completion/completions/cartlog
  cartlog completions zsh > \"${fpath[1]}/_cartlog\"
  cartlog completions fish > ~/.config/fish/completions/cartlog.fish")]
pub struct CompletionsArgs {
    shell: clap_complete::Shell,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cartlog man ./man && man -l ./man/cartlog.1
  cartlog man /usr/local/share/man/man1")]
pub struct ManArgs {
    /// Where the pages go; made if there is none
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl CompletionsArgs {
    pub fn run(self) -> Result<()> {
        shell::completions(Cli::command(), self.shell)
    }
}

impl ManArgs {
    pub fn run(self) -> Result<()> {
        shell::manual(Cli::command(), &self.directory)
    }
}
