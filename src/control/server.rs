//! The server's end of the control socket.

use super::path::with_short_path;
use super::protocol::{self, LONGEST_REQUEST, Reply, Request};
use crate::audit::{Historian, object};
use crate::kafka::topics::{Amends, Topics};
use crate::operations::Operations;
use anyhow::{Context, Result};
use eventlog::with_causes;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Requests that are carried out at one time.
const AT_ONCE: usize = 8;
/// How long it is waited after a client could not be let in.
const ACCEPTS_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How long a request may take to arrive.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// Makes the socket. Whoever calls has the directory's lock, so a socket that is there is a dead server's.
pub fn bind(path: &Path) -> Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} is in the way and can't be removed", path.display()));
        }
        Ok(()) | Err(_) => {}
    }
    let listener = with_short_path(path, |path| UnixListener::bind(path));
    let listener = listener.with_context(|| format!("the control socket {} can't be made", path.display()))?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).context("the control socket can't be kept private")?;
    Ok(listener)
}

/// Answers requests until told to stop; what is under way then is cut off, and can be asked for again.
pub async fn serve(listener: Arc<UnixListener>, operations: Arc<Operations>, stop: CancellationToken) -> Result<()> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        let accepted = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let (connection, _) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // It is there for when things go wrong: whoever asks waits a moment.
                tracing::warn!(%error, "a client of the control socket can't be let in");
                tokio::time::sleep(ACCEPTS_AGAIN_AFTER).await;
                continue;
            }
        };
        let (operations, stop) = (Arc::clone(&operations), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = stop.cancelled() => {}
                answered = answer(connection, operations) => if let Err(error) = answered {
                    tracing::debug!(error = with_causes(error.as_ref()), "a client of the control socket went away");
                }
            }
        });
    }
}

async fn answer(connection: UnixStream, operations: Arc<Operations>) -> Result<()> {
    let (read, mut write) = connection.into_split();
    let mut line = String::new();
    let mut lines = BufReader::new(read.take(LONGEST_REQUEST));
    tokio::time::timeout(REQUEST_WITHIN, lines.read_line(&mut line)).await.context("no request came")??;
    let request = match protocol::read::<Request>(&line) {
        Ok(request) => request,
        Err(error) => {
            let failed = format!("this server does not know what it is asked for; is it of another version? ({error})");
            return send(&mut write, &Reply::Failed(failed)).await;
        }
    };
    let done = match request {
        Request::Status => Ok(Reply::Status(Box::new(operations.status().await))),
        Request::Rebuild { views } => rebuild(operations, views, &mut write).await,
        Request::CheckKafka { topics, up_to } => check_kafka(operations, topics, up_to, &mut write).await,
        Request::ForwardKafka { topics, amends } => forward_kafka(operations, topics, amends, &mut write).await,
        Request::History { object } => history(&operations, &object, &mut write).await,
    };
    let last = done.unwrap_or_else(|error| Reply::Failed(with_causes(error.as_ref())));
    send(&mut write, &last).await
}

async fn rebuild(operations: Arc<Operations>, views: Vec<String>, write: &mut OwnedWriteHalf) -> Result<Reply> {
    let work = |tell: Tell| async move { operations.rebuild(&views, tell).await };
    let views = in_a_task(work, write).await.context("the rebuild broke off")??;
    Ok(Reply::Rebuilt { views })
}

async fn check_kafka(
    operations: Arc<Operations>,
    topics: Topics,
    up_to: Option<u64>,
    write: &mut OwnedWriteHalf,
) -> Result<Reply> {
    let work = |tell: Tell| async move { operations.check_kafka(topics, up_to, tell).await };
    let report = in_a_task(work, write).await.context("the comparison broke off")??;
    Ok(Reply::KafkaChecked(Box::new(report)))
}

async fn forward_kafka(
    operations: Arc<Operations>,
    topics: Topics,
    amends: Amends,
    write: &mut OwnedWriteHalf,
) -> Result<Reply> {
    let work = |tell: Tell| async move { operations.forward_kafka(topics, amends, tell).await };
    Ok(Reply::KafkaForwarded(in_a_task(work, write).await.context("filling the topic broke off")??))
}

/// Is told how far the work is.
type Tell = Box<dyn FnMut(&str, u64, u64) + Send>;

/// Works in a task of its own, which goes on when the client goes away, and tells the client how far it is.
async fn in_a_task<T: Send + 'static, W: Future<Output = T> + Send + 'static>(
    work: impl FnOnce(Tell) -> W,
    write: &mut OwnedWriteHalf,
) -> Result<T> {
    let (told, mut progress) = mpsc::channel(16);
    let work = tokio::spawn(work(Box::new(move |what, done, total| {
        // A slow client misses some of them, and gets later ones.
        let _ = told.try_send(Reply::Progress { what: what.to_owned(), done, total });
    })));
    while let Some(reply) = progress.recv().await {
        send(write, &reply).await?;
    }
    Ok(work.await?)
}

async fn history(operations: &Operations, object: &str, write: &mut OwnedWriteHalf) -> Result<Reply> {
    let mut historian = Historian::begin(operations.witnesses(), object::stream_of(object)?).await?;
    loop {
        let page = historian.next_page().await?;
        if page.is_empty() {
            return Ok(Reply::Chain(historian.finish()));
        }
        send(write, &Reply::Entries(page)).await?;
    }
}

async fn send(write: &mut OwnedWriteHalf, reply: &Reply) -> Result<()> {
    Ok(write.write_all(&protocol::write(reply)?).await?)
}
