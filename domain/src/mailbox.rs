//! Which spellings of an email address are one mailbox.

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// The form in which emails are compared; the same for all spellings of one mailbox. It is never shown, and mail goes to what was
/// given.
///
/// The part before the `@` is composed (NFC) and in lower case; no letter is taken for another, so `groß@` and `gross@` are two. The
/// domain is as the DNS is asked for it, by UTS 46 without its transitional mappings: `bücher.example` is `xn--bcher-kva.example`, and
/// `faß.example` is not `fass.example`. A domain that the DNS could not have is compared in lower case. Any text will do.
pub fn mailbox(email: &str) -> String {
    if email.is_ascii() && !email.to_ascii_lowercase().contains("xn--") {
        return email.to_ascii_lowercase();
    }
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let ascii = idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.is_empty());
            format!("{}@{}", lower(local), ascii.unwrap_or_else(|| lower(domain)))
        }
        None => lower(email),
    }
}

fn lower(text: &str) -> String {
    COMPOSED.normalize(&COMPOSED.normalize(text).to_lowercase()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_mailbox_have_one_form() {
        for (one, other, is_one) in [
            ("Ada@Example.com", "ada@example.COM", true),
            ("zoe\u{308}@x.example", "ZOË@x.example", true),
            // The small one is one letter, and there is no large one.
            ("J\u{30c}@x.example", "\u{1f0}@x.example", true),
            ("groß@x.example", "gross@x.example", false),
            ("groß@x.example", "GROẞ@x.example", true),
            ("ı@x.example", "i@x.example", false),
            ("é@x.example", "e@x.example", false),
            ("ａ@x.example", "a@x.example", false),
            ("a@bücher.example", "a@xn--bcher-kva.example", true),
            ("a@bücher.example", "a@XN--BCHER-KVA.example", true),
            ("a@BU\u{308}CHER.example", "a@bücher.example", true),
            ("a@faß.example", "a@fass.example", false),
            ("a@faß.example", "a@xn--fa-hia.example", true),
            ("a@ｅxample．com", "a@example.com", true),
            ("a@例え。テスト.example", "a@例え.テスト.example", true),
            ("a@xn--nonsense-\u{7}.example", "a@XN--nonsense-\u{7}.example", true),
        ] {
            assert_eq!(mailbox(one) == mailbox(other), is_one, "{one} {other}");
        }
        assert_eq!(mailbox("Ada@Example.COM"), "ada@example.com");
        assert_eq!(mailbox("No Address"), "no address");
    }

    proptest! {
        /// What is compared could be given, and would be the same mailbox.
        #[test]
        fn the_form_of_a_form_is_the_same(email in "[a-zA-ZäÖßẞΣςİıéK\u{308}\u{301}. ]{0,12}@?[a-zA-ZäÖßΣςİı。ｅ日ー\u{308}\u{ad}.-]{0,12}") {
            let once = mailbox(&email);
            prop_assert_eq!(mailbox(&once), once);
        }
    }
}
