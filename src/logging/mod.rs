//! The log lines of this process: to stderr, for people or machines, never across a progress bar.

use crate::config::LogFormat;
use crate::progress;
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging. `directives` are a level, or as of `RUST_LOG`; they were checked when the configuration was read.
pub fn start(directives: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(BesideTheBar);
    let started = match format {
        LogFormat::Text => builder.with_ansi(colours(&io::stderr())).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Only a second start in one process fails, and then the first one's settings stay.
    let _ = started;
}

/// Whether this output takes colours: a terminal, and nobody said `NO_COLOR`.
pub fn colours(output: &impl IsTerminal) -> bool {
    output.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes a line while no bar is being drawn.
struct BesideTheBar;

impl<'a> MakeWriter<'a> for BesideTheBar {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        BesideTheBar
    }
}

impl Write for BesideTheBar {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        progress::beside_bars(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
