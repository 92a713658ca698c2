//! What a command was asked for, on stdout.

use anyhow::{Context, Result};
use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

/// Writes the text and a line's end. Whoever has stopped reading has had enough: that is no error.
pub fn say(text: impl AsRef<str>) -> Result<()> {
    write(&plain(text.as_ref().trim_end_matches('\n')))
}

/// Writes a JSON value, readable.
pub fn say_json(value: &impl serde::Serialize) -> Result<()> {
    say_json_text(&serde_json::to_string_pretty(value).context("the output is no JSON")?)
}

/// Writes a JSON value on a line of its own.
pub fn say_json_line(value: &impl serde::Serialize) -> Result<()> {
    say_json_text(&serde_json::to_string(value).context("the output is no JSON")?)
}

fn say_json_text(text: &str) -> Result<()> {
    // It stands within strings alone, where JSON has a form for it.
    write(&harmless(text, |letter, shown| {
        let mut units = [0; 2];
        letter.encode_utf16(&mut units).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
    }))
}

fn write(line: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{line}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("the output can't be written"),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The text without anything that a terminal takes for more than text. What clients have named things must not move the cursor, change
/// colours, or turn the line around: it is shown as Rust writes it.
pub fn plain(text: &str) -> Cow<'_, str> {
    harmless(text, |letter, shown| shown.extend(letter.escape_unicode()))
}

fn harmless(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match is_harmless(letter) {
            true => shown.push(letter),
            false => escape(letter, &mut shown),
        }
    }
    Cow::Owned(shown)
}

fn is_harmless(letter: char) -> bool {
    match letter {
        '\n' | '\t' => true,
        // What sets the direction of what follows.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        letter => !letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for text in ["", "Zoë: 茶\n\tgrün", "🫖"] {
            assert!(matches!(plain(text), Cow::Borrowed(_)), "{text}");
        }
        assert_eq!(plain("a\u{1b}[31mb\r\u{7}"), "a\\u{1b}[31mb\\u{d}\\u{7}");
        assert_eq!(plain("\u{202e}ton\u{2066}\u{9b}"), "\\u{202e}ton\\u{2066}\\u{9b}");
    }
}
