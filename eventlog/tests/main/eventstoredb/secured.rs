//! The server by TLS: what a connection string promises is kept, and what keeps the server from being reached is named.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;

/// An authority of the test's own, and files with what it vouches for.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    files: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { issuer, files }
    }

    fn file(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }

    /// What a server or a client of that name shows.
    fn vouch(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file(&format!("{name}.crt")), certificate.pem()).unwrap();
        std::fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }

    /// A server at 127.0.0.1, which wants to see a certificate or not.
    async fn server(&self, wants_certificate: bool) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = match wants_certificate {
            true => config.with_client_cert_verifier(clients.build().unwrap()),
            false => config.with_no_client_auth(),
        };
        let (certificate, key) = self.vouch("127.0.0.1");
        let mut config = config.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let user = Some(("ops".to_owned(), "s3cret".to_owned()));
        Server::start_with(DoubleOptions { tls: Some(Arc::new(config)), user, ..DoubleOptions::default() }).await
    }
}

/// The log of that server, by another connection string.
fn log_at(server: &Server, address: &str, parameters: &str) -> Arc<EventStoreDbLog> {
    let url = format!("esdb://ops:s3cret@{address}?{parameters}");
    open(EventStoreDbOptions { url, request_timeout: PATIENCE, ..server.options() })
}

async fn works(log: &EventStoreDbLog) {
    append(log, 0, &events(2)).await.unwrap();
    assert_eq!(everything(log).await.len(), 2);
    let mut subscription = log.subscribe(Position::START);
    next_events(&mut subscription, 2).await;
}

#[tokio::test]
async fn whoever_the_authority_vouches_for_is_spoken_to() {
    let authority = Authority::new();
    authority.vouch("cartlog");
    let trusting = format!("tls=true&tlsCaFile={}", authority.file("ca.crt"));
    let shown =
        format!("&userCertFile={}&userKeyFile={}", authority.file("cartlog.crt"), authority.file("cartlog.key"));
    for (wants_certificate, parameters) in [
        (false, trusting.clone()),
        // TLS is what there is unless it is said otherwise.
        (false, trusting.replace("tls=true&", "")),
        (false, "tls=true&tlsVerifyCert=false".to_owned()),
        (true, format!("{trusting}{shown}")),
    ] {
        let server = authority.server(wants_certificate).await;
        works(&log_at(&server, &server.double.address().to_string(), &parameters)).await;
    }
}

#[tokio::test]
async fn what_keeps_the_server_from_being_reached_is_named_soon_and_shows_no_password() {
    let (authority, another) = (Authority::new(), Authority::new());
    let trusting = |authority: &Authority| format!("tls=true&tlsCaFile={}", authority.file("ca.crt"));
    let (secured, certified, clear) =
        (authority.server(false).await, authority.server(true).await, Server::start().await);
    let address = |server: &Server| server.double.address().to_string();
    let localhost = address(&secured).replace("127.0.0.1", "localhost");
    for (name, log, words) in [
        ("none but the system's", log_at(&secured, &address(&secured), "tls=true"), "UnknownIssuer"),
        ("another authority", log_at(&secured, &address(&secured), &trusting(&another)), "certificate"),
        ("another name", log_at(&secured, &localhost, &trusting(&authority)), "localhost"),
        ("no certificate", log_at(&certified, &address(&certified), &trusting(&authority)), "CertificateRequired"),
        ("in the clear", log_at(&secured, &address(&secured), "tls=false"), "tls=true"),
        ("TLS for nobody", log_at(&clear, &address(&clear), &trusting(&authority)), "tls=false"),
    ] {
        let refused = in_time(log.log_id()).await.expect_err(name);
        assert!(matches!(&refused, LogError::Unavailable(_)), "{name}: {refused}");
        assert!(refused.to_string().contains(words), "{name}: {refused}");
        assert!(!refused.to_string().contains("s3cret"), "{name}: {refused}");
    }
    let server = authority.server(false).await;
    let wrong = format!("esdb://ops:wr0ng@{}?{}", server.double.address(), trusting(&authority));
    let refused = open(EventStoreDbOptions { url: wrong, ..server.options() }).log_id().await.unwrap_err();
    assert!(matches!(&refused, LogError::Damaged(reason) if reason.to_string().contains("access denied")), "{refused}");
}
