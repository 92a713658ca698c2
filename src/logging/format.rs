//! What a line looks like: for people as `tracing` has it, for machines one flat object, with the fields of the request in it.

use super::throttle::Throttle;
use crate::config::LogFormat;
use chrono::{SecondsFormat, Utc};
use serde::Serializer as _;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use tracing::field::{Field as Name, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// A field's value.
pub type Field = Value;

/// Lines of one format, none of a kind more often than once a second.
pub struct Shape {
    format: LogFormat,
    text: Format<Full>,
    throttle: Arc<Throttle>,
}

impl Shape {
    pub fn new(format: LogFormat, colours: bool, throttle: Arc<Throttle>) -> Self {
        Self { format, text: Format::default().with_target(false).with_ansi(colours), throttle }
    }
}

impl<S, N> FormatEvent<S, N> for Shape
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(left_out) = self.throttle.admits(event) else {
            metrics::counter!("cartlog_log_lines_left_out_total").increment(1);
            return Ok(());
        };
        match self.format {
            LogFormat::Text => {
                let mut line = String::new();
                self.text.format_event(ctx, Writer::new(&mut line), event)?;
                match left_out {
                    0 => writer.write_str(&line),
                    _ => writeln!(writer, "{} left_out={left_out}", line.trim_end_matches('\n')),
                }
            }
            LogFormat::Json => writer.write_str(&self.as_object(ctx, event, left_out)),
        }
    }
}

impl Shape {
    fn as_object<S, N>(&self, ctx: &FmtContext<'_, S, N>, event: &Event<'_>, left_out: u64) -> String
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
        N: for<'a> FormatFields<'a> + 'static,
    {
        let mut object = Object::begin(event.metadata().level().as_str());
        event.record(&mut object);
        for span in ctx.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.and_then(|fields| serde_json::from_str(&fields.fields).ok());
            let fields: serde_json::Map<String, Value> = fields.unwrap_or_default();
            fields.into_iter().for_each(|(name, value)| object.add_missing(name, value));
        }
        if left_out > 0 {
            object.add_missing("left_out".to_owned(), left_out.into());
        }
        object.add_missing("target".to_owned(), event.metadata().target().into());
        object.line()
    }
}

/// A line for machines that is no event.
pub fn object(text: &str, fields: &[(&'static str, Field)]) -> String {
    let mut object = Object::begin("INFO");
    object.add_missing("message".to_owned(), text.into());
    fields.iter().for_each(|(name, value)| object.add_missing((*name).to_owned(), value.clone()));
    object.line()
}

/// A warning that is no event, with a figure.
pub fn warning(format: LogFormat, text: &str, (name, figure): (&str, u64)) -> String {
    match format {
        LogFormat::Text => format!("{}  WARN {text} {name}={figure}\n", now()),
        LogFormat::Json => {
            let mut object = Object::begin("WARN");
            object.add_missing("message".to_owned(), text.into());
            object.add_missing(name.to_owned(), figure.into());
            object.line()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "when a line was written is for people, and nothing is decided by it")]
fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Fields in their order; the first of a name stays.
struct Object(Vec<(String, Value)>);

impl Object {
    fn begin(level: &str) -> Self {
        Self(vec![("timestamp".to_owned(), now().into()), ("level".to_owned(), level.into())])
    }

    fn add_missing(&mut self, name: String, value: Value) {
        if !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name, value));
        }
    }

    fn line(self) -> String {
        let mut bytes = Vec::with_capacity(256);
        let fields = self.0.iter().map(|(name, value)| (name, value));
        // Into memory, and keys are text: it can't fail.
        let _ = serde_json::Serializer::new(&mut bytes).collect_map(fields);
        bytes.push(b'\n');
        String::from_utf8(bytes).unwrap_or_default()
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Name, value: f64) {
        self.add_missing(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Name, value: i64) {
        self.add_missing(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Name, value: u64) {
        self.add_missing(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Name, value: bool) {
        self.add_missing(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Name, value: &str) {
        self.add_missing(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Name, value: &dyn fmt::Debug) {
        self.add_missing(field.name().to_owned(), format!("{value:?}").into());
    }
}
