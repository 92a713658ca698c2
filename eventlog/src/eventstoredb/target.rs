//! From a connection string to where the server is and how it is reached. What lives here: parsing, by the official client's
//! own rules, and TLS. What doesn't: connections.

use crate::port::LogError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use eventstore::{ClientSettings, ClientSettingsParseError};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use percent_encoding::percent_decode_str;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tonic::codegen::http::Uri;
use tonic::metadata::{Ascii, MetadataValue};

use super::tls::AcceptAnything;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// What a connection string may begin with beside what the official client knows.
const OWN_SCHEME: &str = "eventstoredb";

/// Where the server is, and who asks.
pub(super) struct Target {
    /// The nodes to start with, at least one.
    pub nodes: Vec<Uri>,
    /// They are some of a cluster, whose other members they tell.
    pub is_cluster: bool,
    is_secure: bool,
    pub connector: HttpsConnector<HttpConnector>,
    /// Who asks, as the server is told.
    pub authorization: Option<MetadataValue<Ascii>>,
    /// Some node has answered once: so they are spoken to as they want to be.
    pub has_answered: AtomicBool,
}

impl Target {
    /// # Errors
    /// [`LogError::Damaged`] if the connection string or a file that it names can't be used.
    pub fn parse(url: &str) -> Result<Self, LogError> {
        let (url, user) = split_user(url);
        let url = match url.strip_prefix(OWN_SCHEME) {
            Some(rest) => format!("esdb{rest}"),
            None => url,
        };
        // Its message repeats the string, by now without the password.
        let settings: ClientSettings = url.parse().map_err(|error| unusable(Unusable::Url(error)))?;
        let is_secure = settings.is_secure_mode_enabled();
        let is_cluster = settings.is_dns_discovery_enabled() || settings.hosts().len() > 1;
        let nodes: Vec<Uri> =
            settings.hosts().iter().map(|node| uri(is_secure, &node.host, node.port)).collect::<Result<_, _>>()?;
        let authorization = user.map(|user| authorization(&user)).transpose()?;
        Ok(Self {
            nodes,
            is_cluster,
            is_secure,
            connector: connector(&settings)?,
            authorization,
            has_answered: AtomicBool::new(false),
        })
    }

    /// The nodes to start with as their names resolve now: one name may stand for all of them. With TLS the name is what a
    /// certificate is for, so that it stays, and resolves as often as a connection is made.
    pub async fn resolved(&self) -> Vec<Uri> {
        let mut nodes = Vec::new();
        for node in &self.nodes {
            let place = node.host().zip(node.port_u16()).filter(|_| !self.is_secure);
            let found = match place {
                Some((host, port)) => tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await.ok(),
                None => None,
            };
            match found {
                Some(addresses) => {
                    nodes.extend(addresses.filter_map(|address| format!("http://{address}").parse::<Uri>().ok()))
                }
                None => nodes.push(node.clone()),
            }
        }
        nodes
    }

    /// What to look at where a server that never answered hung up on what it heard: it may be spoken to otherwise.
    pub fn other_way(&self, reason: &str) -> &'static str {
        let is_cut = ["connection error", "http2 error", "corrupt message"].iter().any(|words| reason.contains(words));
        match (is_cut && !self.has_answered.load(Ordering::Relaxed), self.is_secure) {
            (true, true) if reason.contains("corrupt message") => "; it may speak no TLS: then its URL says tls=false",
            (true, false) => "; it may want TLS: then its URL says tls=true",
            (true, true) | (false, _) => "",
        }
    }

    /// A node that another one named.
    pub fn node(&self, host: &str, port: u32) -> Result<Uri, LogError> {
        uri(self.is_secure, host, port)
    }
}

/// What is wrong with where the server is said to be. None of it shows the password.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("its connection string: {0}")]
    Url(#[source] ClientSettingsParseError),
    #[error("its connection string: the user can't be sent")]
    User,
    #[error("its address {host}:{port} is none")]
    Address { host: String, port: u32 },
    #[error("its connection string: TLS: {0}")]
    Tls(#[source] TlsError),
}

fn unusable(why: Unusable) -> LogError {
    LogError::Damaged(why.into())
}

struct User {
    name: String,
    password: String,
}

/// Takes the user out of a connection string, so that nothing that repeats the string gives a password away. Unlike in the
/// official client a name or password with reserved characters can be written percent-encoded.
fn split_user(url: &str) -> (String, Option<User>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..authority_end].rfind('@') else { return (url.to_owned(), None) };
    let (user, nodes) = (&rest[..at], &rest[at + 1..]);
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (format!("{scheme}://{nodes}"), Some(User { name: decoded(name), password: decoded(password) }))
}

fn authorization(user: &User) -> Result<MetadataValue<Ascii>, LogError> {
    let encoded = BASE64_STANDARD.encode(format!("{}:{}", user.name, user.password));
    let mut value: MetadataValue<Ascii> = format!("Basic {encoded}")
        .parse()
        // The error would show the password.
        .map_err(|_| unusable(Unusable::User))?;
    value.set_sensitive(true);
    Ok(value)
}

fn uri(is_secure: bool, host: &str, port: u32) -> Result<Uri, LogError> {
    let scheme = if is_secure { "https" } else { "http" };
    let none = |_| unusable(Unusable::Address { host: host.to_owned(), port });
    format!("{scheme}://{host}:{port}").parse().map_err(none)
}

fn connector(settings: &ClientSettings) -> Result<HttpsConnector<HttpConnector>, LogError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // A call is several small writes; without this each would wait for the server to acknowledge the one before (40 ms).
    http.set_nodelay(true);
    let tls =
        HttpsConnectorBuilder::new().with_tls_config(tls(settings).map_err(|error| unusable(Unusable::Tls(error)))?);
    Ok(tls.https_or_http().enable_http2().wrap_connector(http))
}

/// Why TLS can't be spoken as the connection string says. Said whole: no cause comes after it.
#[derive(Debug, thiserror::Error)]
enum TlsError {
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    #[error("{path}: {error}")]
    Pem { path: String, error: rustls::pki_types::pem::Error },
    /// A certificate in the file that can't be trusted.
    #[error("{path}: {error}")]
    Authority { path: String, error: rustls::Error },
}

fn tls(settings: &ClientSettings) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(settings)?);
    let mut config = match settings.user_certificate() {
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| pem(key, error))?;
            config.with_client_auth_cert(chain, key)?
        }
        None => config.with_no_client_auth(),
    };
    if !settings.is_tls_certificate_verification_enabled() {
        config.dangerous().set_certificate_verifier(Arc::new(AcceptAnything(provider)));
    }
    Ok(config)
}

fn roots(settings: &ClientSettings) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if !settings.is_secure_mode_enabled() {
        return Ok(roots);
    }
    match settings.tls_ca_file() {
        Some(path) => {
            for certificate in certificates(path)? {
                let unfit = |error| TlsError::Authority { path: path.clone(), error };
                roots.add(certificate).map_err(unfit)?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    Ok(roots)
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>();
    read().map_err(|error| pem(path, error))
}

fn pem(path: &str, error: rustls::pki_types::pem::Error) -> TlsError {
    TlsError::Pem { path: path.to_owned(), error }
}
