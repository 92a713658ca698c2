//! What came of a comparison as a table for people, or as JSON for machines.

use crate::tables::Head::{Number, Text};
use crate::{tables, units};
use serde_json::{Value, json};
use streaming::{CheckReport, Difference, DifferenceKind};

/// Differences that are shown to people; the others are counted.
const SHOWN: usize = 50;

/// For machines: whether they are `equal`, and the report.
pub fn as_json(report: &CheckReport) -> Value {
    let CheckReport { position, forwarded, in_log, in_topics, differences, count } = report;
    json!({
        "equal": *count == 0,
        "position": position,
        "forwarded": forwarded,
        "in_log": in_log,
        "in_topics": in_topics,
        "count": count,
        "differences": differences,
    })
}

/// One line, and below it the differences.
pub fn as_text(report: &CheckReport) -> String {
    let (position, in_log) = (units::count(report.position), units::count(report.in_log));
    if report.count == 0 {
        return format!("log and topics are equal up to position {position}: {in_log} events in both");
    }
    let mut table = tables::new(&[
        Text("difference"),
        Text("topic"),
        Number("partition/offset"),
        Text("event"),
        Text("event id"),
        Number("position"),
    ]);
    for difference in report.differences.iter().take(SHOWN) {
        table.add_row(row(difference));
    }
    let more = match report.count.saturating_sub(SHOWN as u64) {
        0 => String::new(),
        more => format!("\nand {} more", units::count(more)),
    };
    let in_topics = units::count(report.in_topics);
    format!(
        "LOG AND TOPICS DIFFER up to position {position}: {in_log} events in the log, {in_topics} in the topics; differences: \
         {}\n{table}{more}",
        units::count(report.count)
    )
}

fn row(difference: &Difference) -> [String; 6] {
    let Difference { kind, topic, partition, offset, stream, revision, event_id, position, reason } = difference;
    let kind = match kind {
        DifferenceKind::Missing => "missing",
        DifferenceKind::Doubled => "doubled",
        DifferenceKind::OutOfOrder => "out of order",
        DifferenceKind::Altered => "altered",
        DifferenceKind::Unknown => "not in the log",
        DifferenceKind::Foreign => "foreign",
    };
    let what = reason.as_ref().map_or_else(|| kind.to_owned(), |reason| format!("{kind}: {reason}"));
    let place = partition.zip(*offset).map(|(partition, offset)| format!("{partition}/{offset}"));
    let event = stream.as_ref().zip(*revision).map(|(stream, revision)| format!("{stream} no. {revision}"));
    [
        what,
        topic.clone(),
        place.unwrap_or_default(),
        event.unwrap_or_default(),
        event_id.map(|id| id.to_string()).unwrap_or_default(),
        position.map(units::count).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(revision: u64) -> Difference {
        Difference {
            kind: DifferenceKind::Missing,
            topic: "cartlog.cart".to_owned(),
            partition: None,
            offset: None,
            stream: Some("cart-1".to_owned()),
            revision: Some(revision),
            event_id: None,
            position: Some(1_000 + revision),
            reason: None,
        }
    }

    #[test]
    fn no_more_differences_are_shown_than_people_read() {
        let report = CheckReport { count: 1_200, differences: (0..1_000).map(missing).collect(), ..Default::default() };
        let text = as_text(&report);
        assert!(text.contains("1,049") && !text.contains("1,050"), "{text}");
        assert!(text.ends_with("and 1,150 more"), "{text}");
        assert_eq!(as_json(&report)["differences"].as_array().map(Vec::len), Some(1_000));
    }

    #[test]
    fn a_difference_says_all_that_is_known_of_it() {
        let foreign = Difference {
            kind: DifferenceKind::Foreign,
            partition: Some(3),
            offset: Some(17),
            stream: None,
            revision: None,
            position: None,
            reason: Some("it has no headers".to_owned()),
            ..missing(0)
        };
        assert_eq!(row(&foreign), ["foreign: it has no headers", "cartlog.cart", "3/17", "", "", ""]);
        assert_eq!(row(&missing(5)), ["missing", "cartlog.cart", "", "cart-1 no. 5", "", "1,005"]);
    }
}
