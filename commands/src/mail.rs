//! The port to the mail: SMTP where configured, files otherwise. `src` has the adapters. What lives here as well: which addresses
//! mail can be sent to at all ([`MailAddress`]), and what goes into a mail of what clients chose ([`ConfirmationMail`]).

use async_trait::async_trait;
use eventlog::CausedBy;
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use lettre::Address;

/// The most characters of a name that go into a mail: whoever chooses one shall not write letters with it.
const LONGEST_NAME: usize = 100;

/// An address that mail can be sent to: its domain is one (UTS 46, in Punycode), and its local part what the sending library
/// takes. The local part may hold other letters than ASCII, which not every server takes.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Address);

/// No mail can be sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no mail can be sent to the address")]
pub struct NotMailable;

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

impl MailAddress {
    /// # Errors
    /// [`NotMailable`]: the local part or the domain is none.
    pub fn parse(text: &str) -> Result<Self, NotMailable> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotMailable)?;
        // The library lets them pass between quotes.
        if local.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
            return Err(NotMailable);
        }
        let domain = ascii_domain(domain).ok_or(NotMailable)?;
        // As it goes out (RFC 6532 §3.1), with accents on their letters: apart from them the library takes none.
        Address::new(COMPOSED.normalize(local), domain).map(Self).map_err(|_| NotMailable)
    }

    pub fn local_part(&self) -> &str {
        self.0.user()
    }

    /// In Punycode.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// Whether every server takes it; others must offer SMTPUTF8 (RFC 6531).
    pub fn is_ascii(&self) -> bool {
        self.local_part().is_ascii()
    }
}

/// Letters, digits and inner hyphens, in labels of up to 63 and 253 in all; at least two labels, the last one no number.
fn ascii_domain(domain: &str) -> Option<String> {
    let ascii =
        Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ascii = ascii.ok()?.into_owned();
    let (_, top) = ascii.rsplit_once('.')?;
    (!top.bytes().all(|letter| letter.is_ascii_digit())).then_some(ascii)
}

/// Shows nothing of the person.
impl std::fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailAddress(…@{})", self.domain())
    }
}

/// A confirmation mail to send. The page at `GET /customer/confirm/{token}` confirms by a button.
#[derive(Clone)]
pub struct ConfirmationMail {
    pub first_name: String,
    pub store_name: String,
    pub token: String,
}

impl ConfirmationMail {
    /// The names go in without what breaks lines or steers a terminal, and cut off: a mail is no place for others' letters.
    pub fn new(first_name: &str, store_name: &str, token: String) -> Self {
        let or = |name: String, other: &str| if name.is_empty() { other.to_owned() } else { name };
        Self { first_name: or(plain(first_name), "customer"), store_name: or(plain(store_name), "the shop"), token }
    }
}

/// The name on one line, of at most [`LONGEST_NAME`] characters.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|letter| !breaks_out(*letter)).take(LONGEST_NAME);
    kept.collect::<String>().trim().to_owned()
}

/// Control characters, line and paragraph separators, and what turns the direction of the text after it.
fn breaks_out(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Why a mail was not sent. The reasons are for the log: they name hosts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MailError {
    /// The recipient is refused for good; `code` is what the server said (RFC 5321 §4.2), if it was the server.
    #[error("the mail is refused: {reason}")]
    Refused {
        code: Option<u16>,
        #[source]
        reason: CausedBy,
    },
    /// Nothing was sent; trying again may help.
    #[error("the mail can't be sent now: {0}")]
    Away(#[source] CausedBy),
    /// The server was given the mail and did not say whether it took it.
    #[error("whether the mail was taken is not known: {0}")]
    Unknown(#[source] CausedBy),
}

#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Asks for mail to the address to be taken. Nothing is sent before [`Outgoing::send`], and nothing ever if that is not called.
    ///
    /// # Errors
    /// [`MailError::Refused`] and [`MailError::Away`], within a bounded time.
    async fn to(&self, address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError>;

    /// Whether the mail leaves the machine. Where it doesn't, the answer to the client carries the token (api.md §4).
    fn leaves_the_machine(&self) -> bool;
}

/// A mail whose recipient was taken.
#[async_trait]
pub trait Outgoing: Send {
    /// Sends the mail; answers once it is accepted, within a bounded time.
    async fn send(self: Box<Self>, mail: ConfirmationMail) -> Result<(), MailError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_to(text: &str) -> Option<String> {
        let address = MailAddress::parse(text).ok()?;
        Some(format!("{}@{}", address.local_part(), address.domain()))
    }

    #[test]
    fn addresses_that_mail_can_be_sent_to() {
        for plain in
            ["ada@example.com", "a.b+c@sub.x-y.example", "o'hara@example.com", "1@2.example", "\"a,b\"@x.example"]
        {
            assert_eq!(sent_to(plain).as_deref(), Some(plain));
        }
        assert_eq!(sent_to("jörg@müller.example").as_deref(), Some("jörg@xn--mller-kva.example"));
        assert_eq!(sent_to("a@Straße.Example").as_deref(), Some("a@xn--strae-oqa.example"));
        assert_eq!(sent_to("a@例え。テスト").as_deref(), Some("a@xn--r8jz45g.xn--zckzah"));
        let longest = (format!("{}@x.example", "a".repeat(64)), format!("a@{}.example", "a".repeat(63)));
        assert!(sent_to(&longest.0).is_some() && sent_to(&longest.1).is_some());
    }

    #[test]
    fn addresses_that_no_mail_can_go_to() {
        let long_label = format!("a@{}.example", "a".repeat(64));
        let long_domain = format!("a@{}example", "abcdefg.".repeat(32));
        let long_local = format!("{}@x.example", "a".repeat(65));
        let long_in_ascii = format!("a@{}.example", "ü".repeat(60));
        for none in [
            "a..b@x.example",
            ".a@x.example",
            "a.@x.example",
            "a,b@x.example",
            "<a>@x.example",
            "a@-x.example",
            "a@x-.example",
            "@x.example",
            "a@",
            "a",
            "a@x",
            "a@x..example",
            "a@.example",
            "a@x.example.",
            "a@x_y.example",
            "a@1.2.3.4",
            "a@[1.2.3.4]",
            "a b@x.example",
            "\"a b\"@x.example",
            "a@x .example",
            "a\r\nRCPT@x.example",
            "\"a\u{85}\"@x.example",
            "a@xn--a.example",
            &long_label,
            &long_domain,
            &long_local,
            &long_in_ascii,
        ] {
            assert_eq!(sent_to(none), None, "{none:?}");
        }
    }

    #[test]
    fn names_are_short_and_on_one_line() {
        let mail = ConfirmationMail::new("Ann\r\nBcc: all\u{2028}\u{202e}\u{1b}[2J", &"x".repeat(1_000), String::new());
        assert_eq!((mail.first_name.as_str(), mail.store_name.len()), ("AnnBcc: all[2J", LONGEST_NAME));
        let nameless = ConfirmationMail::new("\n", "\t", String::new());
        assert_eq!((nameless.first_name.as_str(), nameless.store_name.as_str()), ("customer", "the shop"));
    }
}
