//! The other commands' end of the control socket.

use super::path::with_short_path;
use super::protocol::{self, Reply, Request};
use crate::data_dir::DataDir;
use anyhow::{Context, Result, bail};
use std::io::ErrorKind;
use std::os::unix::net::UnixStream as StdStream;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;

/// A request under way.
pub struct Replies {
    lines: Lines<BufReader<OwnedReadHalf>>,
    /// The server goes on reading for as long as it is open.
    _write: tokio::net::unix::OwnedWriteHalf,
}

/// Sends the request to the server that has the directory; `None` if none runs.
///
/// # Errors
/// The socket is there and can't be used.
pub async fn ask(data: &DataDir, request: &Request) -> Result<Option<Replies>> {
    let socket = data.control_socket();
    let connected = match with_short_path(&socket, |path| StdStream::connect(path)) {
        Ok(connected) => connected,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("{} can't be opened; are you its owner?", socket.display()));
        }
    };
    connected.set_nonblocking(true)?;
    let (read, mut write) = UnixStream::from_std(connected)?.into_split();
    write.write_all(&protocol::write(request)?).await.context("the running server can't be asked")?;
    Ok(Some(Replies { lines: BufReader::new(read).lines(), _write: write }))
}

impl Replies {
    /// The next reply.
    ///
    /// # Errors
    /// The server refused, in its own words, or went away.
    pub async fn next(&mut self) -> Result<Reply> {
        let line = self.lines.next_line().await.context("the running server can't be heard")?;
        let Some(line) = line else { bail!("the running server went away before it was done; ask again") };
        match protocol::read(&line).context("the running server answers in a way that this version does not know")? {
            Reply::Failed(reason) => bail!("{reason}"),
            reply => Ok(reply),
        }
    }

    /// The last reply; `progress` is told of what comes before it.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn last(mut self, mut progress: impl FnMut(&str, u64, u64)) -> Result<Reply> {
        loop {
            match self.next().await? {
                Reply::Progress { what, done, total } => progress(&what, done, total),
                last => return Ok(last),
            }
        }
    }
}
