//! The log lines of this process: to stderr, for people or machines, never across a progress bar.
//!
//! What lives here: what a line looks like ([`format`]), which lines are left out ([`throttle`]), and the thread that writes
//! ([`writer`]). The guarantee: whatever becomes of stderr (a full disk, a reader that is gone or that stands still), whoever logs
//! neither waits nor breaks off; lines that are lost for it are counted, and told of once there is room.

mod format;
mod throttle;
mod writer;

pub use format::Field;

use crate::config::LogFormat;
use crate::output;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use throttle::Throttle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{DefaultFields, JsonFields};
use writer::Lines;

/// How long the end of the process waits for lines that are not written yet.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

static STARTED: OnceLock<Started> = OnceLock::new();

struct Started {
    lines: Lines,
    format: LogFormat,
}

/// Starts logging, once a process. `directives` are a level, or as of `RUST_LOG`; they were checked when the configuration was read.
pub fn start(directives: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let throttle = Arc::new(Throttle::default());
    let Ok(lines) = Lines::start(Arc::clone(&throttle), format) else {
        say("cartlog: there is no thread for log lines; none are written");
        return;
    };
    let colours = format == LogFormat::Text && colours(&io::stderr());
    let shape = format::Shape::new(format, colours, throttle);
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(lines.clone());
    let started = match format {
        LogFormat::Text => builder.fmt_fields(DefaultFields::new()).with_ansi(colours).event_format(shape).try_init(),
        LogFormat::Json => builder.fmt_fields(JsonFields::new()).event_format(shape).try_init(),
    };
    // Only a second start in one process fails, and then the first one's settings stay.
    if started.is_ok() && STARTED.set(Started { lines, format }).is_ok() {
        std::panic::set_hook(Box::new(tell_of_panic));
    }
}

/// A panic is a log line like any other: for machines too, and without waiting for stderr.
fn tell_of_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let reason = panic.payload_as_str().unwrap_or("it says nothing");
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = match backtrace.status() {
        std::backtrace::BacktraceStatus::Captured => Some(backtrace.to_string()),
        _ => None,
    };
    tracing::error!(thread, location, backtrace, reason, "something broke: a defect of this program");
}

/// Writes one line whatever the level: the text for people, and for machines an object with these fields.
pub fn line(text: &str, fields: &[(&'static str, Field)]) {
    let Some(Started { lines, format }) = STARTED.get() else { return say(text) };
    match format {
        LogFormat::Text => lines.put(format!("{text}\n").into_bytes()),
        LogFormat::Json => lines.put(format::object(text, fields).into_bytes()),
    }
}

/// The last word of a command that failed. Nobody waits long for it.
pub fn say(text: &str) {
    let text = output::plain(text);
    match STARTED.get() {
        Some(Started { lines, .. }) => {
            lines.put(format!("{text}\n").into_bytes());
            flush();
        }
        // Who can't be told, can't be told that.
        None => drop(writeln!(io::stderr(), "{text}")),
    }
}

/// Waits until what was logged is written, but not for long.
pub fn flush() {
    if let Some(Started { lines, .. }) = STARTED.get() {
        lines.flush(WRITTEN_WITHIN, false);
    }
}

/// The same at the end of the process.
pub fn end() {
    if let Some(Started { lines, .. }) = STARTED.get() {
        lines.flush(WRITTEN_WITHIN, true);
    }
}

/// Whether this output takes colours: a terminal, and nobody said `NO_COLOR`.
pub fn colours(output: &impl IsTerminal) -> bool {
    output.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
