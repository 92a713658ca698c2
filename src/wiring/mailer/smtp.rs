//! Sending by a mail server: the recipient first, and the mail once that is taken.

use super::server::Server;
use super::{Letters, on_the_wire};
use anyhow::Result;
use async_trait::async_trait;
use commands::{ConfirmationMail, MailAddress, MailError, Mailer, Outgoing};
use eventlog::CausedBy;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a server is waited for that is told goodbye, while nobody waits for us.
const GOODBYE: Duration = Duration::from_secs(2);

/// Sends by a mail server, over a connection of its own for each mail: one that was cut off in the middle is never used again.
pub(super) struct Smtp {
    letters: Arc<Letters>,
    server: Server,
    /// From connecting to the last answer, all in all.
    within: Duration,
}

impl Smtp {
    pub(super) fn new(letters: Arc<Letters>, url: &str, within: Duration) -> Result<Self> {
        Ok(Self { letters, server: Server::at(url)?, within })
    }

    /// A connection that has taken sender and recipient.
    async fn taken(&self, to: &Address) -> Result<AsyncSmtpConnection, MailError> {
        let away = |doing: &'static str| move |error: Error| MailError::Away(CausedBy::of(doing, SmtpSaid(error)));
        let from = &self.letters.from.email;
        let mut connection = self.server.connect().await.map_err(away("connecting"))?;
        let mut parameters = Vec::new();
        if !is_ascii(to) || !is_ascii(from) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason = CausedBy::from(ServerLack::Utf8);
                return Err(if is_ascii(to) {
                    MailError::Away(reason)
                } else {
                    MailError::Refused { code: None, reason }
                });
            }
            parameters = vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
        }
        connection.command(Mail::new(Some(from.clone()), parameters)).await.map_err(away("naming the sender"))?;
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| {
            let code = code_of(&error).filter(|_| error.is_permanent());
            let reason = CausedBy::of("naming the recipient", SmtpSaid(error));
            match code {
                Some(code) => MailError::Refused { code: Some(code), reason },
                None => MailError::Away(reason),
            }
        })?;
        Ok(connection)
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn to(&self, address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        let to = on_the_wire(address)?;
        let end = Instant::now() + self.within;
        // Whoever is too slow is hung up on.
        let taken = timeout_at(end, self.taken(&to)).await;
        let connection = taken.unwrap_or_else(|_| Err(MailError::Away(ServerLack::Slow(self.within).into())))?;
        Ok(Box::new(AcceptedRecipient { letters: Arc::clone(&self.letters), to, connection, end }))
    }

    fn leaves_the_machine(&self) -> bool {
        true
    }
}

/// A mail whose recipient the server has taken.
struct AcceptedRecipient {
    letters: Arc<Letters>,
    to: Address,
    connection: AsyncSmtpConnection,
    end: Instant,
}

#[async_trait]
impl Outgoing for AcceptedRecipient {
    async fn send(self: Box<Self>, mail: ConfirmationMail) -> Result<(), MailError> {
        let AcceptedRecipient { letters, to, mut connection, end } = *self;
        let letter = letters.confirmation(&to, &mail)?;
        match timeout_at(end, connection.command(Data)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(said_no(error)),
            Err(_) => return Err(MailError::Away(ServerLack::Silent.into())),
        }
        match timeout_at(end, connection.message(&letter)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.status().is_some() => return Err(said_no(error)),
            // The last line may have reached it.
            Ok(Err(error)) => return Err(MailError::Unknown(SmtpSaid(error).into())),
            Err(_) => return Err(MailError::Unknown(ServerLack::Unanswered.into())),
        }
        tokio::spawn(async move { timeout(GOODBYE, connection.quit()).await.map(drop) });
        Ok(())
    }
}

/// What the library says, in all the words that are known.
#[derive(Debug, thiserror::Error)]
#[error("{}", words(.0))]
struct SmtpSaid(Error);

/// What the mail server does not do, or not in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum ServerLack {
    #[error("the mail server takes no addresses beyond ASCII (SMTPUTF8)")]
    Utf8,
    #[error("the mail server did not answer within {0:?}")]
    Slow(Duration),
    #[error("it did not answer to DATA in time")]
    Silent,
    #[error("it did not say in time that it took the mail")]
    Unanswered,
}

/// The server has answered, and not taken the mail.
fn said_no(error: Error) -> MailError {
    let code = code_of(&error).filter(|_| error.is_permanent() && is_about_recipient(&error));
    let reason = SmtpSaid(error).into();
    match code {
        Some(code) => MailError::Refused { code: Some(code), reason },
        None => MailError::Away(reason),
    }
}

/// By its enhanced status code (RFC 3463): the address (X.1) but for the sender's, or the mailbox (X.2).
fn is_about_recipient(error: &Error) -> bool {
    let text = said(error);
    let is_senders = ["5.1.7", "5.1.8"].iter().any(|code| text.starts_with(code));
    !is_senders && (text.starts_with("5.1.") || text.starts_with("5.2."))
}

fn code_of(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

/// What the server said with its code, or the trouble underneath.
fn said(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}

/// All that is known, for the log.
fn words(error: &Error) -> String {
    match said(error) {
        said if said.is_empty() || error.to_string().contains(&said) => error.to_string(),
        said => format!("{error}: {said}"),
    }
}

fn is_ascii(address: &Address) -> bool {
    address.user().is_ascii() && address.domain().is_ascii()
}
