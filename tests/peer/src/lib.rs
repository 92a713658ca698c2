//! A peer that misbehaves: it takes every connection and then keeps silent, lets its words drip, or goes half-way. It speaks no
//! protocol: what it says is given to it. Its time is tokio's, so that a test whose clock stands still waits for nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What it does with a connection.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Hears everything and says nothing.
    Silent,
    /// Says these words, again and again, one byte at a time with a pause before each.
    Drips { words: Vec<u8>, pause: Duration },
    /// Hears something, says these words, which may be none, and hangs up.
    Leaves { words: Vec<u8> },
}

/// Listens on a port of this machine until it is dropped.
pub struct Peer {
    address: SocketAddr,
    met: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Peer {
    /// To be called within a tokio runtime.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn that(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let met = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&met);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(meet(stream, manner.clone()));
            }
        });
        Self { address, met, listening }
    }

    /// One of each manner; the words are how a sane peer would begin.
    pub async fn each(words: &[u8]) -> [(&'static str, Self); 3] {
        let drips = Manner::Drips { words: words.to_vec(), pause: Duration::from_secs(1) };
        let leaves = Manner::Leaves { words: words[..words.len() / 2].to_vec() };
        [
            ("silent", Self::that(Manner::Silent).await),
            ("drips", Self::that(drips).await),
            ("leaves", Self::that(leaves).await),
        ]
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it took.
    pub fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn meet(stream: TcpStream, manner: Manner) {
    let (mut hears, mut says) = stream.into_split();
    match manner {
        Manner::Silent => hear_all(&mut hears).await,
        Manner::Drips { words, pause } => {
            tokio::select! {
                () = hear_all(&mut hears) => {}
                () = drip(&mut says, &words, pause) => {}
            }
        }
        Manner::Leaves { words } => {
            // Of who waits for the first word, nothing is heard.
            let _ = says.write_all(&words).await;
            let _ = hears.read(&mut [0; 1024]).await;
        }
    }
}

/// Until the other side hangs up.
async fn hear_all(hears: &mut OwnedReadHalf) {
    let mut heard = vec![0; 64 * 1024];
    while hears.read(&mut heard).await.is_ok_and(|length| length > 0) {}
}

async fn drip(says: &mut OwnedWriteHalf, words: &[u8], pause: Duration) {
    for byte in words.iter().cycle() {
        sleep(pause).await;
        if says.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}
