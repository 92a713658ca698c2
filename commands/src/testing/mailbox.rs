//! A mailbox that keeps what it is given.

use crate::{ConfirmationMail, MailAddress, MailError, Mailer, Outgoing};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;

#[derive(Default)]
pub struct Mailbox {
    mails: Arc<Mutex<Vec<(String, ConfirmationMail)>>>,
}

impl Mailbox {
    /// The token of the last mail to the address.
    pub fn token_for(&self, email: &str) -> Option<String> {
        self.mails.lock().iter().rev().find(|(to, _)| to == email).map(|(_, mail)| mail.token.clone())
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn to(&self, address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        let to = format!("{}@{}", address.local_part(), address.domain());
        Ok(Box::new(Addressed { to, mails: Arc::clone(&self.mails) }))
    }

    fn leaves_the_machine(&self) -> bool {
        false
    }
}

struct Addressed {
    to: String,
    mails: Arc<Mutex<Vec<(String, ConfirmationMail)>>>,
}

#[async_trait]
impl Outgoing for Addressed {
    async fn send(self: Box<Self>, mail: ConfirmationMail) -> Result<(), MailError> {
        self.mails.lock().push((self.to, mail));
        Ok(())
    }
}
