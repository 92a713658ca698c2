//! From a URL to where Redis is and how it is reached. What lives here: what cartlog's URLs say beyond the library's, which is several
//! nodes and the files of TLS, by the names that redis-py gave them. What doesn't: connections.

use crate::store::WindowStoreError;
use eventlog::CausedBy;
use pem::PemError;
use redis::{ClientTlsConfig, TlsCertificates};

/// Where Redis is.
pub(super) struct Target {
    pub place: Addresses,
    pub has_tls: bool,
    /// Of TLS; `None`: whom the system trusts, and nothing is shown.
    pub certificates: Option<TlsCertificates>,
}

/// URLs as the library reads them.
pub(super) enum Addresses {
    One(String),
    Cluster(Vec<String>),
}

/// Files that a URL names.
#[derive(Default)]
struct Files {
    ca: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// What is wrong with the URL, which is never shown, as what stands in it may be a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "what stands after '#' is not known here: certificates are always checked; name who vouches for them with ssl_ca_certs"
    )]
    Fragment,
    #[error("there is no parameter '{name}'; there are protocol, ssl_ca_certs, ssl_certfile, ssl_keyfile")]
    Parameter { name: String },
    #[error("there is no TLS for {0}; write rediss:// or rediss-cluster://")]
    NoTls(&'static str),
    #[error("ssl_certfile and ssl_keyfile stand together: a certificate is shown with its key")]
    Apart,
    #[error(transparent)]
    File(#[from] PemError),
}

fn refused(refusal: Refusal) -> WindowStoreError {
    WindowStoreError::Damaged(CausedBy::of("windows_url", refusal))
}

impl Target {
    /// # Errors
    /// [`WindowStoreError::Damaged`] for what is no such URL, or names a file that can't be used; the message never shows the URL.
    pub(super) fn parse(url: &str) -> Result<Self, WindowStoreError> {
        let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
        if fragment.is_some() {
            // Another word for it would be no better: whoever can't check a certificate speaks to anybody.
            return Err(refused(Refusal::Fragment));
        }
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut files, mut rest) = (Files::default(), form_urlencoded::Serializer::new(String::new()));
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let file = match &*name {
                "ssl_ca_certs" => &mut files.ca,
                "ssl_certfile" => &mut files.certificate,
                "ssl_keyfile" => &mut files.key,
                "protocol" => {
                    rest.append_pair(&name, &value);
                    continue;
                }
                // Its value may be a secret.
                _ => {
                    return Err(refused(Refusal::Parameter { name: name.into_owned() }));
                }
            };
            *file = Some(value.into_owned());
        }
        let has_tls = place.starts_with("rediss");
        let certificates = files.read(has_tls)?;
        let rest = rest.finish();
        let rest = if rest.is_empty() { rest } else { format!("?{rest}") };
        Ok(Self { place: Addresses::of(place, &rest), has_tls, certificates })
    }
}

impl Addresses {
    fn of(place: &str, query: &str) -> Self {
        let nodes = [("redis-cluster://", "redis"), ("rediss-cluster://", "rediss")]
            .into_iter()
            .find_map(|(scheme, each)| Some((place.strip_prefix(scheme)?, each)));
        let Some((nodes, scheme)) = nodes else { return Self::One(format!("{place}{query}")) };
        // Credentials stand once, before the first node.
        let (login, hosts) = nodes.rsplit_once('@').map_or(("", nodes), |(login, hosts)| (login, hosts));
        let at = if login.is_empty() { "" } else { "@" };
        let nodes = hosts.trim_end_matches('/').split(',').map(|host| format!("{scheme}://{login}{at}{host}/{query}"));
        Self::Cluster(nodes.collect())
    }
}

impl Files {
    fn read(self, has_tls: bool) -> Result<Option<TlsCertificates>, WindowStoreError> {
        let named = [("ssl_ca_certs", &self.ca), ("ssl_certfile", &self.certificate), ("ssl_keyfile", &self.key)];
        let Some((first, _)) = named.iter().find(|(_, file)| file.is_some()) else { return Ok(None) };
        if !has_tls {
            return Err(refused(Refusal::NoTls(first)));
        }
        let root_cert = self.ca.map(|file| pem(&file)).transpose()?;
        let client_tls = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => {
                Some(ClientTlsConfig { client_cert: pem(&certificate)?, client_key: pem(&key)? })
            }
            (None, None) => None,
            _ => {
                return Err(refused(Refusal::Apart));
            }
        };
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }
}

/// The library takes a file that holds nothing for one that trusts nobody.
fn pem(file: &str) -> Result<Vec<u8>, WindowStoreError> {
    pem::read(file).map_err(|error| refused(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_parameters_are_each_nodes() {
        let nodes = |url: &str| match Target::parse(url).map(|target| target.place) {
            Ok(Addresses::Cluster(nodes)) => nodes,
            Ok(Addresses::One(url)) => vec![url],
            Err(error) => panic!("{error}"),
        };
        assert_eq!(nodes("redis://a:6379/2?protocol=resp3"), ["redis://a:6379/2?protocol=resp3"]);
        assert_eq!(nodes("redis-cluster://u:p@a:1,b:2/"), ["redis://u:p@a:1/", "redis://u:p@b:2/"]);
        assert_eq!(
            nodes("rediss-cluster://a:1,b:2?protocol=resp3"),
            ["rediss://a:1/?protocol=resp3", "rediss://b:2/?protocol=resp3"]
        );
    }

    #[test]
    fn what_is_not_kept_is_not_promised() {
        for (url, words) in [
            ("rediss://u:secret@a/#insecure", "ssl_ca_certs"),
            ("rediss://u:secret@a/?ssl_cert_reqs=secret", "'ssl_cert_reqs'"),
            ("redis://u:secret@a/?ssl_ca_certs=/ca.crt", "rediss://"),
            ("rediss://u:secret@a/?ssl_ca_certs=/nowhere/ca.crt", "/nowhere/ca.crt"),
            ("rediss://u:secret@a/?ssl_certfile=/a.crt", "ssl_keyfile"),
        ] {
            let error = Target::parse(url).map(drop).expect_err("refused").to_string();
            assert!(error.contains(words) && error.contains("windows_url") && !error.contains("secret"), "{error}");
        }
    }
}
