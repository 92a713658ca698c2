//! Settings about who may ask, from where, and how much of it is kept: sign-up, proxies, origins, memory.

use axum::http::HeaderValue;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};
use std::net::IpAddr;

/// A list: text with commas, or an array.
pub fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrList {
        Text(String),
        List(Vec<String>),
    }
    Ok(match TextOrList::deserialize(deserializer)? {
        TextOrList::Text(text) => text,
        TextOrList::List(names) => names.join(","),
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Who may create a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SignUp {
    /// Everybody
    Open,
    /// Who has an operator's token
    Closed,
}

impl<'de> Deserialize<'de> for SignUp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            // Whoever meant to close it must not find it open.
            other => Err(D::Error::custom(format!("sign_up: '{other}' is neither open nor closed"))),
        }
    }
}

/// Addresses and networks of proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<IpNet>);

impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let network = |text: &str| {
            let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            parsed.map_err(|_| {
                D::Error::custom(format!(
                    "trust_proxy: '{text}' is neither an address nor a network, such as 10.0.0.0/8"
                ))
            })
        };
        parts(&list(deserializer)?).map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// Origins as browsers send them, or `*` alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<HeaderValue>);

impl<'de> Deserialize<'de> for Origins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = list(deserializer)?;
        let origins: Vec<_> = parts(&text).collect();
        if origins.len() > 1 && origins.contains(&"*") {
            return Err(D::Error::custom("cors_origins: '*' allows all origins; it stands alone"));
        }
        let origin = |text: &&str| {
            let value = (is_origin(text) || *text == "*").then(|| HeaderValue::from_str(text).ok()).flatten();
            value.ok_or_else(|| {
                D::Error::custom(format!(
                    "cors_origins: '{text}' is no origin as browsers send it: scheme, host and, if it is another than the scheme's, \
                     port, in lower case, without a path, such as https://shop.example"
                ))
            })
        };
        origins.iter().map(origin).collect::<Result<_, _>>().map(Self)
    }
}

/// `scheme://host[:port]`, in the form that browsers send (RFC 6454 §6.2).
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return is_name(scheme) && is_name(host) && !scheme.is_empty() && !host.is_empty(),
    };
    !host.is_empty() && is_name(host) && !host.contains(['/', '?', '#', '@', '*']) && !host.ends_with(default)
}

/// Memory, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyMemory(usize);

impl BodyMemory {
    const MEBIBYTE: usize = 1024 * 1024;

    pub fn bytes(self) -> usize {
        self.0 * Self::MEBIBYTE
    }
}

impl<'de> Deserialize<'de> for BodyMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match usize::deserialize(deserializer)? {
            mebibytes @ 2..=1_048_576 => Ok(Self(mebibytes)),
            other => Err(D::Error::custom(format!("body_memory is within 2 to 1048576 MiB, not {other}"))),
        }
    }
}

/// What the process may remember, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(usize);

impl Memory {
    pub fn bytes(self) -> usize {
        self.0 * BodyMemory::MEBIBYTE
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match usize::deserialize(deserializer)? {
            mebibytes @ 32..=1_048_576 => Ok(Self(mebibytes)),
            other => Err(D::Error::custom(format!("memory is within 32 to 1048576 MiB, not {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for origin in ["https://shop.example", "http://127.0.0.1:8081", "https://[::1]:8443", "chrome-extension://abc"]
        {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://Shop.example",
            "https://a.b:443",
            "http://a:80",
            "null",
            "https://*.a",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
