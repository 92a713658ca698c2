//! A gate in front of a service: closed, the service is away for whoever comes through it.

use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Gate {
    pub address: String,
    is_open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Open, in front of the service at that address.
    pub async fn before(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address").to_string();
        let is_open = Arc::new(watch::Sender::new(true));
        let (there, shared) = (address.to_owned(), Arc::clone(&is_open));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (there, mut is_open) = (there.clone(), shared.subscribe());
                tokio::spawn(async move {
                    if !*is_open.borrow_and_update() {
                        return;
                    }
                    let Ok(mut server) = TcpStream::connect(there).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = is_open.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        Self { address: here, is_open }
    }

    /// Ends all connections, and every new one.
    pub fn close(&self) {
        self.is_open.send_replace(false);
    }

    pub fn open(&self) {
        self.is_open.send_replace(true);
    }
}
