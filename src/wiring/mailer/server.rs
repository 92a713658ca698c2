//! A mail server, and a connection to it that is ready for a mail.
//!
//! The library's own transport makes no difference between what is wrong with the recipient, with the sender and with who asks, and
//! its timeout is one of each read: so the steps are taken here, each by the library's connection, and bounded by who calls.

use anyhow::{Context, Result, bail};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use url::{Host, Url};

pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    name: ClientId,
    credentials: Option<Credentials>,
}

impl Server {
    /// At the URL, as the library has them: `smtp://HOST`, with `?tls=required` or `?tls=opportunistic`, or `smtps://HOST`; with
    /// `USER:PASSWORD@` to log in, and a path for the name that this side calls itself by.
    ///
    /// # Errors
    /// It is none. No error shows it.
    pub(super) fn at(url: &str) -> Result<Self> {
        const NONE: &str = "smtp_url is no URL of a mail server; write smtps://USER:PASSWORD@HOST";
        let url = Url::parse(url).ok().context(NONE)?;
        let host = match url.host().context(NONE)? {
            // Of a scheme that the parser does not know, a host stands as it was given.
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let parameters = || TlsParameters::new(host.clone()).context("TLS towards the mail server can't be set up");
        let (tls, port) = match (url.scheme(), asked.as_deref()) {
            ("smtp", None) => (Tls::None, 25),
            ("smtp", Some("required")) => (Tls::Required(parameters()?), 587),
            ("smtp", Some("opportunistic")) => (Tls::Opportunistic(parameters()?), 587),
            ("smtps", _) => (Tls::Wrapper(parameters()?), 465),
            _ => bail!(NONE),
        };
        let name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let credentials = match url.password() {
            Some(password) => {
                Some(Credentials::new(decoded(url.username()).context(NONE)?, decoded(password).context(NONE)?))
            }
            None => None,
        };
        let port = url.port().unwrap_or(port);
        Ok(Self { host, port, tls, name, credentials })
    }

    /// A connection, encrypted and logged in as asked for.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapper = if let Tls::Wrapper(parameters) = &self.tls { Some(parameters.clone()) } else { None };
        let place = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, None, &self.name, wrapper, None).await?;
        match &self.tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), &self.name).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &self.name).await?;
            }
            Tls::Opportunistic(_) | Tls::Wrapper(_) | Tls::None => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// Percent-decoded; `None` where that is no text.
fn decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
