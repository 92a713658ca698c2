//! A mailbox that keeps what it is given.

use crate::{ConfirmationMail, MailError, Mailer};
use async_trait::async_trait;
use parking_lot::Mutex;

#[derive(Default)]
pub struct Mailbox {
    mails: Mutex<Vec<ConfirmationMail>>,
}

impl Mailbox {
    /// The token of the last mail to the address.
    pub fn token_for(&self, email: &str) -> Option<String> {
        self.mails.lock().iter().rev().find(|mail| mail.to == email).map(|mail| mail.token.clone())
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: ConfirmationMail) -> Result<(), MailError> {
        self.mails.lock().push(mail);
        Ok(())
    }

    fn leaves_the_machine(&self) -> bool {
        false
    }
}
