//! The mail: by SMTP where configured, otherwise one file a mail in the data directory.
//!
//! The guarantee: a mail that was answered was taken by the mail server, or is whole on the disk; no token in any log line; nothing
//! waits for a mail server for longer than configured.

mod folder;
mod noted;
mod server;
mod smtp;

use crate::config::Config;
use crate::data_dir::DataDir;
use anyhow::{Context, Result, anyhow};
use commands::{ConfirmationMail, MailAddress, MailError, Mailer};
use eventlog::CausedBy;
use folder::Folder;
use health::Outcomes;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, MIME_VERSION_1_0};
use lettre::{Address, Message};
use noted::Noted;
use smtp::Smtp;
use std::sync::Arc;
use std::time::Duration;

/// The mailer that the configuration asks for. `public_url` is where clients reach this server. In `sent` is noted what came of the
/// last mail that was to leave the machine.
///
/// # Errors
/// The SMTP URL or the sender is none.
pub fn open(config: &Config, data: &DataDir, public_url: String, sent: &Arc<Outcomes>) -> Result<Arc<dyn Mailer>> {
    let letters = Arc::new(Letters { from: sender(&config.mail_from)?, public_url });
    let Some(url) = &config.smtp_url else { return Ok(Arc::new(Folder::open(letters, data.mail())?)) };
    let within = Duration::from_millis(config.smtp_timeout_ms.get().into());
    let smtp = Arc::new(Smtp::new(letters, url.reveal(), within)?);
    Ok(Arc::new(Noted::new(smtp, Arc::clone(sent))))
}

/// Refuses settings that no mail can be sent by.
///
/// # Errors
/// As [`open`].
pub fn check(config: &Config) -> Result<()> {
    sender(&config.mail_from)?;
    config.smtp_url.as_ref().map_or(Ok(()), |url| server::Server::at(url.reveal()).map(drop))
}

fn sender(address: &str) -> Result<Mailbox> {
    let none = || format!("mail_from = '{address}' is no address; write shop@example.com");
    let mailbox: Mailbox = address.parse().with_context(none)?;
    // A machine's own name will do here, as in cartlog@localhost: only what isn't ASCII is written as the wire has it.
    if mailbox.email.domain().is_ascii() {
        return Ok(mailbox);
    }
    let email = MailAddress::parse(mailbox.email.as_ref()).map_err(|error| anyhow!(error)).with_context(none)?;
    Ok(Mailbox { email: on_the_wire(&email).map_err(|error| anyhow!(error)).with_context(none)?, ..mailbox })
}

/// The address as the library has it.
fn on_the_wire(address: &MailAddress) -> Result<Address, MailError> {
    Address::new(address.local_part(), address.domain())
        .map_err(|error| MailError::Refused { code: None, reason: error.into() })
}

/// Writes the letters.
struct Letters {
    from: Mailbox,
    public_url: String,
}

impl Letters {
    fn confirmation(&self, to: &Address, mail: &ConfirmationMail) -> Result<Vec<u8>, MailError> {
        let link = format!("{}/customer/confirm/{}", self.public_url.trim_end_matches('/'), mail.token);
        let body = format!(
            "Dear {},\r\n\r\nplease confirm your email address for {}: open this link within 24 hours and press the button \
             there.\r\n\r\n{link}\r\n\r\nIf you did not expect this mail, there is nothing to do.\r\n",
            mail.first_name, mail.store_name
        );
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(format!("Please confirm your email address for {}", mail.store_name))
            .message_id(None) // one is made
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(body);
        let message = message.map_err(|error| MailError::Away(CausedBy::of("the mail can't be written", error)))?;
        Ok(message.formatted())
    }
}

#[cfg(test)]
mod tests;
