//! The two sides of a copy: where their logs and vaults are, and that nobody serves them meanwhile.

use crate::config::{self, Config};
use crate::data_dir::{DataDir, Lock, LockError};
use crate::wiring::place::Location;
use anyhow::{Context, Result, anyhow, bail};
use std::path::{Path, PathBuf};

/// What was typed of the two sides.
#[derive(Default)]
pub struct Arguments {
    pub from: PlaceArgument,
    pub to: PlaceArgument,
    pub from_vault: PlaceArgument,
    pub to_vault: PlaceArgument,
}

/// A place as it was typed, or the file that has it.
#[derive(Default)]
pub struct PlaceArgument {
    pub text: Option<String>,
    pub file: Option<PathBuf>,
}

impl PlaceArgument {
    fn read(self) -> Result<Option<String>> {
        let Some(path) = self.file else { return Ok(self.text) };
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// One side.
#[derive(Debug)]
pub struct CopySide {
    pub log: Location,
    pub vault: Location,
}

/// Both sides: what was typed, and for the rest what the configuration says.
pub fn of(config: &Config, asked: Arguments) -> Result<(CopySide, CopySide)> {
    let source = side(config, "from", asked.from, asked.from_vault)?;
    let target = side(config, "to", asked.to, asked.to_vault)?;
    if is_same(&source.log, &target.log) {
        bail!("source and target are both {}; --from and --to name two places", source.log);
    }
    Ok((source, target))
}

fn side(config: &Config, flag: &str, log: PlaceArgument, vault: PlaceArgument) -> Result<CopySide> {
    let typed = log.read()?;
    let is_configured = typed.is_none();
    let log = match (typed, &config.log_url) {
        (Some(text), _) => Location::parse(text),
        (None, Some(url)) => Location::Engine(url.clone()),
        (None, None) => Location::Directory(config.data.clone()),
    };
    check(&log, "log_url", &format!("--{flag}"))?;
    let vault = match (vault.read()?, &log, config.vault_url.as_ref().or(config.views_url.as_ref())) {
        (Some(text), _, _) => Location::parse(text),
        // One that is named has all that it owns within it.
        (None, Location::Directory(directory), _) if !is_configured => Location::Directory(directory.clone()),
        (None, _, Some(url)) => Location::Engine(url.clone()),
        (None, Location::Directory(directory), None) => Location::Directory(directory.clone()),
        (None, Location::Engine(_), None) => bail!(
            "where is the vault of {log}? Say so with --{flag}-vault postgres://… (or a directory), or by vault_url or views_url"
        ),
    };
    check(&vault, "vault_url", &format!("--{flag}-vault"))?;
    Ok(CopySide { log, vault })
}

/// Refuses an engine that this build leaves out, and a URL that is none of it.
fn check(place: &Location, key: &str, flag: &str) -> Result<()> {
    match place {
        Location::Engine(url) => config::check_engine(key, flag, url),
        Location::Directory(_) => Ok(()),
    }
}

fn is_same(one: &Location, other: &Location) -> bool {
    match (one, other) {
        (Location::Directory(one), Location::Directory(other)) => canonical(one) == canonical(other),
        (Location::Engine(one), Location::Engine(other)) => one.reveal() == other.reveal(),
        (Location::Directory(_), Location::Engine(_)) | (Location::Engine(_), Location::Directory(_)) => false,
    }
}

fn canonical(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

/// Takes all directories of both sides for this process. Those of the source must be there with what is to be copied; those of
/// the target are made.
pub fn lock(source: &CopySide, target: &CopySide) -> Result<Vec<Lock>> {
    let mut directories = Vec::new();
    for (place, file, what) in [(&source.log, "log.sqlite", "log"), (&source.vault, "vault.sqlite", "vault")] {
        if let Location::Directory(directory) = place {
            if !directory.join(file).exists() {
                bail!("{}", missing(directory, file, what));
            }
            directories.push(directory);
        }
    }
    for place in [&target.log, &target.vault] {
        if let Location::Directory(directory) = place {
            directories.push(directory);
        }
    }
    let (mut known, mut locks) = (Vec::new(), Vec::new());
    for directory in directories {
        let data = DataDir::create(directory)?;
        let path = canonical(directory);
        if !known.contains(&path) {
            locks.push(data.lock().map_err(|error| served(directory, error))?);
            known.push(path);
        }
    }
    Ok(locks)
}

fn missing(directory: &Path, file: &str, what: &str) -> String {
    let directory = directory.display();
    match what {
        "vault" => format!("there is no {file} in {directory}; if its vault is elsewhere, --from-vault says where"),
        _ => format!("there is no store in {directory}: it has no {file}"),
    }
}

fn served(directory: &Path, error: LockError) -> anyhow::Error {
    match error {
        LockError::Held { pid, .. } => {
            let by = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
            anyhow!(
                "{} is in use by {by}; stop it first: what is served meanwhile can't be copied",
                directory.display()
            )
        }
        LockError::Failed { .. } => error.into(),
    }
}
