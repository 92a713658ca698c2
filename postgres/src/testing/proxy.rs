//! A network that misbehaves on command, between a test and its PostgreSQL.

use sqlx::postgres::PgConnectOptions;
use std::str::FromStr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    Well,
    /// Nothing goes through in either direction, and nobody is told.
    Silent,
    /// Connections end, and new ones too.
    Down,
    /// The next statement with this text does not arrive: its connection ends. Then all is well again.
    LosesNext(&'static str),
    /// The next statement with this text arrives and is done, and its connection ends before the answer. Then all is well again.
    LosesAnswerTo(&'static str),
    /// New connections come without the settings that they were made with, as through some poolers.
    DropsSettings,
}

/// What carries everything between the two, as [`Network`] says.
pub struct Proxy {
    /// Of the database, by way of this.
    pub url: String,
    network: Arc<watch::Sender<Network>>,
}

impl Proxy {
    /// To the database of that URL, of which nothing but TCP is known.
    pub async fn to(url: &str) -> Self {
        let server = PgConnectOptions::from_str(url).expect("a URL");
        let there = format!("{}:{}", server.get_host(), server.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address").to_string();
        let (before, rest) = url.rsplit_once('@').expect("a URL with a user");
        let (_, database) = rest.split_once('/').expect("a URL with a database");
        // Encrypted, nothing could be told apart.
        let separator = if database.contains('?') { '&' } else { '?' };
        let url = format!("{before}@{here}/{database}{separator}sslmode=disable");
        let network = Arc::new(watch::Sender::new(Network::Well));
        let shared = Arc::clone(&network);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (there, network) = (there.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(there).await {
                        // An end of the connection is all that comes of it.
                        let _ = carry(client, server, &network).await;
                    }
                });
            }
        });
        Self { url, network }
    }

    /// From now on.
    pub fn be(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Whether it is like this now: what was to be lost may have been.
    pub fn is(&self, network: Network) -> bool {
        *self.network.borrow() == network
    }
}

/// Until either side ends, or the network does.
async fn carry(mut client: TcpStream, mut server: TcpStream, network: &watch::Sender<Network>) -> std::io::Result<()> {
    let mut changes = network.subscribe();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut is_first = true;
    loop {
        // While it is silent, not even an end comes through.
        let Ok(_) = changes.wait_for(|network| *network != Network::Silent).await else { return Ok(()) };
        tokio::select! {
            _ = changes.changed() => {
                if *changes.borrow() == Network::Down {
                    return Ok(());
                }
            }
            read = client.read(&mut asked) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                let message = &asked[..read];
                let has = |text: &str| message.windows(text.len()).any(|window| window == text.as_bytes());
                let now = *network.borrow();
                match now {
                    Network::Down => return Ok(()),
                    Network::LosesNext(text) if has(text) => {
                        network.send_replace(Network::Well);
                        return Ok(());
                    }
                    Network::LosesAnswerTo(text) if has(text) => {
                        server.write_all(message).await?;
                        // It answers once it is done.
                        server.read_exact(&mut answered[..1]).await?;
                        network.send_replace(Network::Well);
                        return Ok(());
                    }
                    Network::DropsSettings if is_first => server.write_all(&without_settings(message)).await?,
                    _ => server.write_all(message).await?,
                }
                is_first = false;
            }
            read = server.read(&mut answered) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                let Ok(_) = changes.wait_for(|network| *network != Network::Silent).await else { return Ok(()) };
                client.write_all(&answered[..read]).await?;
            }
        }
    }
}

/// The message that begins a connection, without its `options`: a length, the protocol's version, and pairs of names and values.
fn without_settings(message: &[u8]) -> Vec<u8> {
    let mut parts = message[8..].split(|byte| *byte == 0);
    let mut body = message[4..8].to_vec();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if name.is_empty() {
            break;
        }
        if name != b"options" {
            body.extend_from_slice(name);
            body.push(0);
            body.extend_from_slice(value);
            body.push(0);
        }
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&length.to_be_bytes()[..], &body].concat()
}
