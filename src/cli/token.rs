//! `cartlog token create`, `cartlog token list` and `cartlog token revoke`.

use super::place::PlaceArgs;
use super::{load, verdict};
use crate::config::Flags;
use crate::tokens::{self, arguments};
use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use commands::{NewOperatorToken, OperatorRole};
use std::process::ExitCode;

/// Where the vault is.
#[derive(Args)]
pub struct VaultArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Vault of secrets (postgres://…) [default: views_url, or else the data directory]
    #[arg(long, value_name = "URL")]
    vault_url: Option<String>,
    /// What keeps several cartlogs apart in one PostgreSQL [default: cartlog]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

#[derive(Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Makes a token of whoever operates the server, and shows it this once
    Create(CreateArgs),
    /// Shows who has, or had, a token: never the tokens themselves
    List(ListArgs),
    /// Revokes a token: servers refuse it from then on
    Revoke(RevokeArgs),
}

#[derive(Args)]
#[command(after_help = "\
A token of role 'operator' may create stores where sign-up is closed; an 'auditor' looks, and changes nothing. It is sent as
Authorization: Bearer. The vault keeps its SHA-256 alone: whoever loses it makes another one, and revokes it.

A running server takes it at once, and need not be stopped.

Examples:
  cartlog token create --name 'Grace, laptop'
  cartlog token create --name 'monthly audit' --role auditor --expires 30d
  cartlog token create --name deploy --data /var/lib/cartlog --json      for machines
  CARTLOG_VAULT_URL_FILE=/run/secrets/vault cartlog token create --name Grace     of several nodes")]
pub struct CreateArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Whose it is, or what for: 1 to 100 characters
    #[arg(long, value_name = "NAME", value_parser = arguments::name)]
    name: String,
    /// What it may
    #[arg(long, value_name = "ROLE", default_value = "operator", value_parser = arguments::role())]
    role: OperatorRole,
    /// How long it lives, from now on: 12h, 30d, 1y [default: it does not expire]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = arguments::life)]
    expires: Option<TimeDelta>,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Tokens stay in the list when they have expired or were revoked: it says who had access.

Examples:
  cartlog token list
  cartlog token list --data /var/lib/cartlog --json     for machines")]
pub struct ListArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// For machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "\
Exits with 3 if there is no such token.

Examples:
  cartlog token revoke 0193b0c2-7b1e-7c55-9d2e-5f0c6a1f3b77     by its id, as `cartlog token list` shows it")]
pub struct RevokeArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// The token's id
    #[arg(value_name = "TOKEN_ID")]
    id: String,
    /// For machines
    #[arg(long)]
    json: bool,
}

impl VaultArgs {
    fn flags(self) -> Flags {
        let mut flags = self.place.flags();
        flags.set("vault_url", self.vault_url);
        flags.set("namespace", self.namespace);
        flags
    }
}

impl TokenArgs {
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            TokenCommand::Create(CreateArgs { vault, name, role, expires, json }) => {
                let new = NewOperatorToken { role, name, lives_for: expires };
                tokens::create(&load(vault.flags(), "warn")?.config, new, json).await?;
            }
            TokenCommand::List(ListArgs { vault, json }) => {
                tokens::list(&load(vault.flags(), "warn")?.config, json).await?;
            }
            TokenCommand::Revoke(RevokeArgs { vault, id, json }) => {
                return Ok(verdict(tokens::revoke(&load(vault.flags(), "warn")?.config, &id, json).await?));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
