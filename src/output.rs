//! What a command was asked for, on stdout.

use anyhow::{Context, Result};
use std::io::{self, ErrorKind, Write};

/// Writes the text and a line's end. Whoever has stopped reading has had enough: that is no error.
pub fn say(text: impl AsRef<str>) -> Result<()> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{}", text.as_ref().trim_end_matches('\n')).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("the output can't be written"),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a JSON value, readable.
pub fn say_json(value: &impl serde::Serialize) -> Result<()> {
    say(serde_json::to_string_pretty(value).context("the output is no JSON")?)
}
