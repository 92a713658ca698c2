//! A mailer of which is noted whether mails can be sent.

use async_trait::async_trait;
use commands::{ConfirmationMail, MailAddress, MailError, Mailer, Outgoing};
use health::Outcomes;
use std::sync::Arc;
use std::time::Duration;

/// It gives up by itself, within its own time; whoever gives up before says nothing of the mail server.
const PATIENCE: Duration = Duration::MAX;

pub struct Noted {
    mailer: Arc<dyn Mailer>,
    sent: Arc<Outcomes>,
}

impl Noted {
    /// Notes in `sent` what came of the last mail.
    pub fn new(mailer: Arc<dyn Mailer>, sent: Arc<Outcomes>) -> Self {
        Self { mailer, sent }
    }
}

#[async_trait]
impl Mailer for Noted {
    async fn to(&self, address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        match self.mailer.to(address).await {
            Ok(mail) => Ok(Box::new(NotedMail { mail, sent: Arc::clone(&self.sent) })),
            Err(error) => {
                if let Some(reason) = fault(&error) {
                    self.sent.failed(reason);
                }
                Err(error)
            }
        }
    }

    fn leaves_the_machine(&self) -> bool {
        self.mailer.leaves_the_machine()
    }
}

struct NotedMail {
    mail: Box<dyn Outgoing>,
    sent: Arc<Outcomes>,
}

#[async_trait]
impl Outgoing for NotedMail {
    async fn send(self: Box<Self>, mail: ConfirmationMail) -> Result<(), MailError> {
        self.sent.watch(PATIENCE, self.mail.send(mail), fault).await
    }
}

/// No reason: it names hosts, and is for the log. A recipient who is refused says that the mail server is well.
fn fault(error: &MailError) -> Option<String> {
    match error {
        MailError::Refused { .. } => None,
        MailError::Away(_) => Some("the last mail could not be sent".to_owned()),
        MailError::Unknown(_) => Some("whether the last mail was taken is not known".to_owned()),
    }
}
