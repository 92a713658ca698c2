//! Formats, what they could repeat, and counting.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn format(text: &str) -> NumberFormat {
    text.parse().unwrap()
}

#[test]
fn a_format_reads_back_as_it_was_written() {
    for text in ["{n}", "{n:06}", "R-{year}/{n:012}", "{n}-{year}", "2026.{n}#a_B", "{n:02}x{year}7"] {
        assert_eq!(format(text).to_string(), text);
    }
    assert_eq!(format("{n:01}").to_string(), "{n}");
    assert_eq!(format("R-{year}-{n:04}").write(2026, 7), "R-2026-0007");
    assert_eq!(format("R-{year}-{n:04}").write(2026, 70_000), "R-2026-70000");
    assert_eq!(format("{n}/{year}").write(987, 1), "1/0987");
}

#[test]
fn what_is_no_format_says_why() {
    for (text, why) in [
        ("", BadNumberFormat::Length),
        ("{n}01234567890123456789012345678901234567890", BadNumberFormat::Length),
        ("R {n}", BadNumberFormat::Character),
        ("R\u{2013}{n}", BadNumberFormat::Character),
        ("{n}}", BadNumberFormat::Character),
        ("{n", BadNumberFormat::Placeholder),
        ("{}", BadNumberFormat::Placeholder),
        ("{N}", BadNumberFormat::Placeholder),
        ("{n:6}", BadNumberFormat::Placeholder),
        ("{n:00}", BadNumberFormat::Placeholder),
        ("{n:013}", BadNumberFormat::Placeholder),
        ("{n:0+6}", BadNumberFormat::Placeholder),
        ("{n:0}", BadNumberFormat::Placeholder),
        ("{month}{n}", BadNumberFormat::Placeholder),
        ("R-1", BadNumberFormat::Rank),
        ("{year}", BadNumberFormat::Rank),
        ("{n}-{n}", BadNumberFormat::Rank),
        ("{year}-{n}-{year}", BadNumberFormat::Years),
        ("{year}{n}", BadNumberFormat::Apart),
        ("{n}{year}", BadNumberFormat::Apart),
        ("R-{year}0{n}", BadNumberFormat::Apart),
        ("-{n}17{year}-", BadNumberFormat::Apart),
    ] {
        assert_eq!(text.parse::<NumberFormat>(), Err(why), "{text}");
    }
}

#[test]
fn patterns_meet_where_a_number_fits_both() {
    for (one, other, meets) in [
        ("{n}", "{n:06}", true),
        ("{n}", "1{n}", true),
        ("{n}", "{n}0", true),
        ("{n}", "R{n}", false),
        ("R-{n}", "R-{year}-{n}", false),
        ("R-{year}-{n}", "R-2026-{n}", true),
        ("R-{year}-{n}", "R-26-{n}", false),
        ("{year}-{n}", "{n}-{year}", true),
        ("a{n}b", "a{n}c", false),
        ("a{n}", "a{n}a", false),
    ] {
        assert_eq!(format(one).meets(&format(other)), meets, "{one} {other}");
        assert_eq!(format(other).meets(&format(one)), meets, "{other} {one}");
    }
}

fn any_format() -> impl Strategy<Value = NumberFormat> {
    let text = prop::sample::select(vec!["", "0", "1", "-", "a", "2026", "1-", "-1"]);
    let placeholder = prop::sample::select(vec!["{n}", "{n:02}", "{n:05}", "{year}"]);
    (prop::collection::vec((text, placeholder), 1..=2), prop::sample::select(vec!["", "0", "-", "7a"])).prop_filter_map(
        "no format",
        |(parts, end)| {
            let text: String =
                parts.iter().flat_map(|(text, placeholder)| [*text, *placeholder]).chain([end]).collect();
            text.parse().ok()
        },
    )
}

fn any_restart() -> impl Strategy<Value = NumberRestart> {
    prop_oneof![Just(NumberRestart::Never), Just(NumberRestart::Yearly)]
}

fn any_settings() -> impl Strategy<Value = NumberSettings> {
    (any_format(), prop::option::of(any_format()), any_restart()).prop_map(
        |(invoice_number_format, credit_note_number_format, number_restart)| NumberSettings {
            invoice_number_format,
            credit_note_number_format,
            number_restart,
        },
    )
}

fn any_document() -> impl Strategy<Value = Document> {
    prop_oneof![Just(Document::Invoice), Just(Document::CreditNote)]
}

#[derive(Clone, Debug)]
enum Step {
    Change(NumberSettings),
    Issue(Document, Option<i32>),
}

fn any_step() -> impl Strategy<Value = Step> {
    // Few years, and few numbers in each, so that what could repeat does.
    let year = prop::option::weighted(0.9, prop_oneof![Just(2025), Just(2026), Just(2027)]);
    prop_oneof![
        1 => any_settings().prop_map(Step::Change),
        4 => (any_document(), year).prop_map(|(of, year)| Step::Issue(of, year)),
    ]
}

proptest! {
    /// The rule of settings and the counting together, whatever clocks say: no number is given twice.
    #[test]
    fn no_number_is_ever_given_twice(steps in prop::collection::vec(any_step(), 0..300)) {
        let (mut history, mut numbering) = (SettingsHistory::default(), Numbering::default());
        let mut given: BTreeMap<(Document, String), NumberSettings> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Change(settings) => {
                    if history.check(&settings).is_ok() {
                        history.change(settings.clone());
                        numbering.fold(NumberingEvent::Settings(settings));
                    }
                }
                Step::Issue(of, year) => {
                    let number = numbering.fold(NumberingEvent::Issued(of, year)).expect("a number");
                    let earlier = given.insert((of, number.text.clone()), history.now().clone());
                    prop_assert_eq!(earlier, None, "{} again", number.text);
                }
            }
        }
    }

    /// The how manieth of its kind, in all or within the year.
    #[test]
    fn a_number_is_a_rank(yearly: bool, years in prop::collection::vec(2025..2028, 0..60)) {
        let restart = if yearly { NumberRestart::Yearly } else { NumberRestart::Never };
        let settings = NumberSettings { invoice_number_format: format("{year}-{n}"), credit_note_number_format: None, number_restart: restart };
        let mut numbering = Numbering::default();
        numbering.fold(NumberingEvent::Settings(settings));
        for (place, year) in years.iter().enumerate() {
            numbering.fold(NumberingEvent::Issued(Document::CreditNote, Some(*year)));
            let number = numbering.fold(NumberingEvent::Issued(Document::Invoice, Some(*year))).expect("a number");
            let before = years[..place].iter().filter(|earlier| !yearly || *earlier == year).count();
            prop_assert_eq!(number.rank.get(), before as u64 + 1);
            prop_assert_eq!(number.text, format!("{year}-{}", before + 1));
        }
    }

    #[test]
    fn going_on_beyond_what_is_known_repeats_none_of_it(
        here in prop::collection::vec(2025..2028, 0..20), there in prop::collection::vec(2025..2028, 0..20), year in 2025..2028,
    ) {
        let counted = |years: &[i32]| years.iter().fold(Counts::default(), |mut counts, year| { counts.count(Some(*year)); counts });
        let (mut counts, known) = (counted(&here), counted(&there));
        counts.go_on_beyond(&known);
        counts.count(Some(year));
        prop_assert!(counts.total() > known.total() && counts.in_year(year) > known.in_year(year));
    }
}

/// An event whose data can't be read takes its number, in the year of its time; what is stored of one that can be read says the same as
/// the event.
#[test]
fn what_cannot_be_read_takes_its_number() {
    let at: crate::Timestamp = "2026-12-31T23:30:00.000Z".parse().unwrap();
    let read = |event_type, data: &str| NumberingEvent::of_stored(event_type, data.as_bytes(), Some(at));
    assert_eq!(read("InvoiceIssued", "garbage"), Some(NumberingEvent::Issued(Document::Invoice, Some(2026))));
    assert_eq!(
        NumberingEvent::of_stored("RefundIssued", b"", None),
        Some(NumberingEvent::Issued(Document::CreditNote, None))
    );
    let later = r#"{"issued_on":"2027-01-01","more":1}"#;
    assert_eq!(read("RefundIssued", later), Some(NumberingEvent::Issued(Document::CreditNote, Some(2027))));
    assert_eq!(read("InvoiceCollected", later), None);
    let settings = NumberSettings { invoice_number_format: format("R{n}"), ..NumberSettings::default() };
    for event_type in ["StoreCreated", "StoreNumberingChanged"] {
        assert_eq!(
            read(event_type, r#"{"numbering":{"invoice_number_format":"R{n}"}}"#),
            Some(NumberingEvent::Settings(settings.clone()))
        );
        assert_eq!(read(event_type, "{}"), None);
    }
    let mut numbering = Numbering::default();
    numbering.fold(NumberingEvent::Issued(Document::Invoice, Some(2025)));
    let number = numbering.fold(NumberingEvent::Issued(Document::Invoice, None)).unwrap();
    assert_eq!((number.text.as_str(), numbering.counts(Document::Invoice).in_year(2025)), ("2", 2));
}
