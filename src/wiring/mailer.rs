//! The mail: by SMTP where configured, otherwise one file a mail in the data directory.
//!
//! The guarantee: a mail that was answered was taken by the mail server, or is whole on the disk; no token in any log line.

use crate::config::Config;
use crate::data_dir::{self, DataDir};
use anyhow::{Context, Result};
use async_trait::async_trait;
use commands::{Clock, ConfirmationMail, MailError, Mailer, SystemClock};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, MIME_VERSION_1_0};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a mail server may take.
const SENT_WITHIN: Duration = Duration::from_secs(20);

/// The mailer that the configuration asks for. `public_url` is where clients reach this server.
///
/// # Errors
/// The SMTP URL or the sender is none.
pub fn open(config: &Config, data: &DataDir, public_url: String) -> Result<Arc<dyn Mailer>> {
    let letters = Letters { from: sender(&config.mail_from)?, public_url };
    let Some(transport) = transport(config)? else {
        let folder = data.mail();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("{} can't be made", folder.display()))?;
        return Ok(Arc::new(Folder { letters, folder }));
    };
    Ok(Arc::new(Smtp { letters, transport: transport.timeout(Some(SENT_WITHIN)).build() }))
}

/// Refuses settings that no mail can be sent by.
pub fn check(config: &Config) -> Result<()> {
    sender(&config.mail_from)?;
    transport(config).map(drop)
}

/// The way to the mail server; `None` where there is none.
fn transport(config: &Config) -> Result<Option<AsyncSmtpTransportBuilder>> {
    let Some(url) = &config.smtp_url else { return Ok(None) };
    // The library's error could show the password.
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.reveal());
    transport.ok().context("smtp_url is no URL of a mail server; write smtps://USER:PASSWORD@HOST").map(Some)
}

fn sender(address: &str) -> Result<Mailbox> {
    address.parse().with_context(|| format!("mail_from = '{address}' is no address; write shop@example.com"))
}

/// Writes the letters.
struct Letters {
    from: Mailbox,
    public_url: String,
}

impl Letters {
    fn confirmation(&self, mail: &ConfirmationMail) -> Result<Message, MailError> {
        let refused = |error: &dyn std::fmt::Display| MailError(format!("the mail can't be written: {error}"));
        let to = mail.to.parse().map_err(|error: lettre::address::AddressError| refused(&error))?;
        let link = format!("{}/customer/confirm/{}", self.public_url.trim_end_matches('/'), mail.token);
        let body = format!(
            "Dear {},\r\n\r\nplease confirm your email address for {} by opening this link within 24 hours:\r\n\r\n{link}\r\n\r\n\
             If you did not expect this mail, there is nothing to do.\r\n",
            mail.first_name, mail.store_name
        );
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(format!("Please confirm your email address for {}", mail.store_name))
            .message_id(None) // one is made
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| refused(&error))
    }
}

/// Sends by a mail server.
struct Smtp {
    letters: Letters,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: ConfirmationMail) -> Result<(), MailError> {
        let sent = self.transport.send(self.letters.confirmation(&mail)?).await;
        sent.map(drop).map_err(|error| MailError(format!("the mail server did not take it: {error}")))
    }

    fn leaves_the_machine(&self) -> bool {
        true
    }
}

/// Keeps mails as files; by their names, the newest comes last.
struct Folder {
    letters: Letters,
    folder: PathBuf,
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, mail: ConfirmationMail) -> Result<(), MailError> {
        let letter = self.letters.confirmation(&mail)?.formatted();
        let now = SystemClock.now();
        // Two within a millisecond differ in the end.
        let name = format!("{}-{:016x}.eml", now.to_string().replace(':', "-"), crate::random::seed());
        let path = self.folder.join(name);
        let written = tokio::task::spawn_blocking(move || data_dir::write_private(&path, &letter)).await;
        let written = written.map_err(anyhow::Error::from).and_then(|written| written);
        written.map_err(|error| MailError(format!("{error:#}")))
    }

    fn leaves_the_machine(&self) -> bool {
        false
    }
}
