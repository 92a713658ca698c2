//! What the lines of all the formats have in common: numbers and bytes that have one encoding each.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A number as the formats write it: ASCII digits, and no zero before others. `None` for anything else, and beyond 64
/// bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let is_plain = text == "0" || !text.starts_with('0');
    // Rust reads `+7` too.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && is_digits).then(|| text.parse().ok()).flatten()
}

pub(crate) fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// RFC 4648, section 4, with its padding, and without bits that stand for nothing. `None` for anything else.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_encoding() {
        for (text, number) in [("0", 0), ("7", 7), ("10", 10), ("18446744073709551615", u64::MAX)] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for text in ["", "00", "07", "+7", "-7", " 7", "7 ", "7\n", "1_0", "0x7", "٧", "18446744073709551616"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_have_one_encoding() {
        assert_eq!(from_base64("AQ==").as_deref(), Some(&[1][..]));
        for text in ["AQ", "AQ=", "AR==", "AQ==\n", "A Q==", "AQ==AQ==", "_w=="] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }
}
