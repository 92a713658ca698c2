//! The port to the mail: SMTP where configured, files otherwise. `src` has the adapters.

use async_trait::async_trait;

/// A confirmation mail to send. The token opens `GET /customer/confirm/{token}`.
#[derive(Clone)]
pub struct ConfirmationMail {
    pub to: String,
    pub first_name: String,
    pub store_name: String,
    pub token: String,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(pub String);

#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Sends the mail; answers once it is accepted.
    async fn send(&self, mail: ConfirmationMail) -> Result<(), MailError>;

    /// Whether the mail leaves the machine. Where it doesn't, the answer to the client carries the token (api.md §4).
    fn leaves_the_machine(&self) -> bool;
}
