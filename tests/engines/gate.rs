//! A gate in front of a service: closed, the service is away for whoever comes through it; cut, nobody learns that it is.

use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    Cut,
}

type Watched = watch::Receiver<State>;

pub struct Gate {
    pub address: String,
    state: Arc<watch::Sender<State>>,
}

impl Gate {
    /// Open, in front of the service at that address.
    pub async fn before(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(watch::Sender::new(State::Open));
        let (there, shared) = (address.to_owned(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, there.clone(), shared.subscribe()));
            }
        });
        Self { address: here, state }
    }

    /// Ends all connections, and every new one.
    pub fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Nothing gets through any more, and no connection ends. What is sent meanwhile arrives once it is open again, as on a net that
    /// was mended.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }
}

async fn connect(client: TcpStream, there: String, state: Watched) {
    let mut closed = state.clone();
    let connected = async {
        passes(&mut state.clone()).await;
        let Ok(server) = TcpStream::connect(there).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::join!(carry(from_client, to_server, state.clone()), carry(from_server, to_client, state.clone()));
    };
    tokio::select! {
        () = connected => {}
        _ = closed.wait_for(|state| *state == State::Closed) => {}
    }
}

async fn passes(state: &mut Watched) {
    // An error: the gate is gone, and the test over.
    let _ = state.wait_for(|state| *state != State::Cut).await;
}

/// Until one of them ends.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut state: Watched) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        passes(&mut state).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
