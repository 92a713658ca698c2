//! The layers, from the lowest: defaults, the TOML file, the environment, flags.

use super::keys::{KEYS, Key};
use anyhow::{Context, Result, bail};
use config::{ConfigError, File, FileFormat, Map, Source, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "cartlog.toml";

/// The source of what nobody has set.
pub const DEFAULT: &str = "default";

/// What the command line says: values by key, and the configuration file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub file: Option<PathBuf>,
    pub values: BTreeMap<&'static str, String>,
}

impl Flags {
    /// Takes the flag's value if it was given.
    pub fn set(&mut self, key: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.values.insert(key, value.to_string());
        }
    }
}

/// One effective value, and where it came from.
#[derive(Clone, Debug)]
pub struct Setting {
    pub value: String,
    pub source: String,
}

/// The effective values that are set, by key.
pub type Values = BTreeMap<&'static str, Setting>;

/// Reads all layers into one configuration.
pub fn read(flags: Flags) -> Result<config::Config> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = flags.file.clone().or_else(|| environment("CARTLOG_CONFIG").map(PathBuf::from));
    let mut builder = config::Config::builder().add_source(defaults());
    if let Some(path) = file.or_else(|| Path::new(DEFAULT_FILE).exists().then(|| PathBuf::from(DEFAULT_FILE))) {
        if !path.exists() {
            bail!("there is no configuration file {}", path.display());
        }
        builder = builder.add_source(File::from(path.as_path()).format(FileFormat::Toml));
    }
    builder
        .add_source(from_environment(environment)?)
        .add_source(given(flags))
        .build()
        .context("the configuration file can't be read")
}

/// Defaults and flags alone, whatever file and environment say.
pub fn without_surroundings(flags: Flags) -> Result<config::Config> {
    Ok(config::Config::builder().add_source(defaults()).add_source(given(flags)).build()?)
}

fn given(flags: Flags) -> Layer {
    Layer(flags.values.into_iter().map(|(key, value)| (key, flag(key), value)).collect())
}

/// A key's flag, as people type it.
pub fn flag(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// A key's variable.
pub fn variable(key: &str) -> String {
    format!("CARTLOG_{}", key.to_uppercase())
}

/// The effective values with their sources.
///
/// # Errors
/// A key that nobody knows, with the place where it stands.
pub fn values(config: &config::Config) -> Result<Values> {
    let mut table = config.cache.clone().into_table().context("the configuration is no table")?;
    let mut values = Values::new();
    for Key { name, .. } in &KEYS {
        let Some(value) = table.remove(*name) else { continue };
        let source = value.origin().unwrap_or(DEFAULT).to_owned();
        values.insert(name, Setting { value: text(value)?, source });
    }
    match table.iter().next() {
        None => Ok(values),
        Some((unknown, value)) => {
            let place = value.origin().unwrap_or("the configuration");
            let known = KEYS.map(|key| key.name).join(", ");
            bail!("{place}: there is no setting '{unknown}'; there are {known}")
        }
    }
}

/// A scalar as it is, a list with commas.
fn text(value: Value) -> Result<String> {
    match value.clone().into_array() {
        Ok(parts) if !matches!(value.kind, config::ValueKind::String(_)) => {
            Ok(parts.into_iter().map(text).collect::<Result<Vec<_>>>()?.join(","))
        }
        Ok(_) | Err(_) => value.into_string().context("a setting is neither text, a number nor a list"),
    }
}

/// Values with the place each came from.
#[derive(Clone, Debug)]
struct Layer(Vec<(&'static str, String, String)>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let value = |(key, origin, value): &(&str, String, String)| {
            ((*key).to_owned(), Value::new(Some(origin), value.clone()))
        };
        Ok(self.0.iter().map(value).collect())
    }
}

fn defaults() -> Layer {
    let default = |key: &Key| Some((key.name, DEFAULT.to_owned(), key.default?.to_owned()));
    Layer(KEYS.iter().filter_map(default).collect())
}

/// What the environment says; a secret also by the file that `…_FILE` names. `RUST_LOG` counts for `log`.
fn from_environment(environment: impl Fn(&str) -> Option<String>) -> Result<Layer> {
    let mut layer = Vec::new();
    for key in &KEYS {
        let name = variable(key.name);
        let file = format!("{name}_FILE");
        match (environment(&name), environment(&file).filter(|_| key.secret)) {
            (Some(_), Some(_)) => bail!("both {name} and {file} are set; keep one"),
            (Some(value), None) => layer.push((key.name, name, value)),
            (None, Some(path)) => layer.push((key.name, file.clone(), secret_from(&file, &path)?)),
            (None, None) if key.name == "log" => {
                layer.extend(environment("RUST_LOG").map(|value| (key.name, "RUST_LOG".to_owned(), value)));
            }
            (None, None) => {}
        }
    }
    Ok(Layer(layer))
}

fn secret_from(variable: &str, path: &str) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{variable}: {path} can't be read"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
