//! Why brokers can't be reached, in words: the library tells it in its log alone, and not what to look at.

use std::fmt;

/// What was heard of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    reason: String,
    refusal: Option<Refusal>,
}

/// What waiting does not mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    User,
    Mechanism,
    NoUserAsked,
    Certificate,
    ClientCertificate,
    SpeaksNoTls,
    WantsMore,
}

impl Heard {
    /// From a line of the library's log, or one of its errors.
    pub(super) fn of(message: &str) -> Self {
        // It begins with the thread that wrote it.
        let reason = match message.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")) {
            Some((_, reason)) => reason,
            None => message,
        };
        Self { reason: reason.to_owned(), refusal: Refusal::of(reason) }
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.refusal.is_some()
    }

    /// Of several that are heard, one that says what to look at is kept, and else the last that names a broker.
    pub(super) fn tells_as_much_as(&self, known: &Self) -> bool {
        self.is_refusal() || !known.is_refusal() && !self.reason.contains("brokers are down")
    }
}

impl Refusal {
    fn of(reason: &str) -> Option<Self> {
        let has = |part: &str| reason.contains(part);
        let is_cut = has("Disconnected") || has("closed by peer");
        match () {
            () if has("Unsupported SASL mechanism") => Some(Self::Mechanism),
            () if has("not valid in current SASL state") => Some(Self::NoUserAsked),
            () if has("SASL authentication error") || has("Authentication failed") => Some(Self::User),
            () if has("certificate verify failed") => Some(Self::Certificate),
            () if has("alert bad certificate") || has("alert certificate required") || has("alert unknown ca") => {
                Some(Self::ClientCertificate)
            }
            () if has("PLAINTEXT broker listener") || has("wrong version number") => Some(Self::SpeaksNoTls),
            // A listener that hears what it does not understand hangs up.
            () if is_cut && (has("in state APIVERSION_QUERY") || has("in state UP")) => Some(Self::WantsMore),
            () => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::User => "the broker does not let the user in; see kafka_sasl_username and kafka_sasl_password",
            Self::Mechanism => "the listener does not take this mechanism; see kafka_sasl_mechanism",
            Self::NoUserAsked => "the listener asks for no user; see kafka_security_protocol",
            Self::Certificate => {
                "the broker's certificate is not trusted: nobody in kafka_ssl_ca (without it, whom the system trusts) vouches for it, \
                 or it is for another name than the broker is called by"
            }
            Self::ClientCertificate => {
                "the listener wants a certificate that it trusts; see kafka_ssl_certificate and kafka_ssl_key"
            }
            Self::SpeaksNoTls => "the listener does not seem to speak TLS; see kafka_security_protocol",
            Self::WantsMore => "the listener hangs up: it may want TLS, or a user; see kafka_security_protocol",
        }
    }
}

impl std::error::Error for Heard {}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal {
            Some(refusal) => write!(f, "{} ({})", refusal.words(), self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_what_to_look_at_is_kept() {
        let refused = Heard::of(
            "[thrd:ssl://a:1/bootstrap]: ssl://a:1/bootstrap: SSL handshake failed: certificate verify failed",
        );
        assert!(
            refused.is_refusal()
                && refused
                    .to_string()
                    .ends_with("(ssl://a:1/bootstrap: SSL handshake failed: certificate verify failed)")
        );
        let (all, one) =
            (Heard::of("1/1 brokers are down"), Heard::of("a:1/bootstrap: Connect to a:1 failed: Connection refused"));
        assert!(!all.is_refusal() && !one.is_refusal());
        for (news, known, is_kept) in [
            (&refused, &one, true),
            (&one, &refused, false),
            (&all, &one, false),
            (&one, &all, true),
            (&one, &one, true),
        ] {
            assert_eq!(news.tells_as_much_as(known), is_kept, "{news} after {known}");
        }
    }
}
