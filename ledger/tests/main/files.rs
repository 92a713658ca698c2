//! What files look like, and what they refuse.

use crate::books::Books;
use crate::events::*;
use crate::shop::Shop;
use domain::Timestamp;
use domain::gift_card::{GiftCardEvent, GiftCardSource};
use domain::numbers::NumberFormat;
use ledger::write::{Chart, Format, Mapping, WriteError, Writer};
use ledger::{Account, Dated, Entry, MoneyEvent, TaxRate};

fn dated(event_type: MoneyEvent, position: u64, entry: Entry) -> Dated {
    Dated {
        date: "2026-11-23".parse().unwrap(),
        at: "2026-11-23T10:00:00.123Z".parse::<Timestamp>().unwrap(),
        position,
        event_id: id(u128::from(position)),
        event_type,
        entry,
        number: None,
    }
}

fn a_card() -> Dated {
    let issued = GiftCardEvent::from(card_issued(GiftCardSource::Sold, 1_234));
    dated(MoneyEvent::GiftCardIssued, 7, then(&None, issued).unwrap())
}

fn an_invoice() -> Dated {
    let entry = then(&None, invoice()).unwrap();
    Dated { number: Some("RE-2026/#17".to_owned()), ..dated(MoneyEvent::InvoiceIssued, 8, entry) }
}

fn chart() -> Chart {
    let currencies = ["EUR", "JPY", "KWD"].map(|code| code.parse().unwrap());
    Chart::new(currencies, [0, 700, 1_900].map(TaxRate::BasisPoints))
}

fn written(format: Format, entries: &[Dated]) -> String {
    let mut writer = Writer::new(format, &chart(), &Mapping::default(), Vec::new()).unwrap();
    entries.iter().for_each(|dated| writer.write(dated).unwrap());
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

/// Without what every file begins with.
fn body(format: Format, entries: &[Dated]) -> String {
    let (header, all) = (written(format, &[]), written(format, entries));
    all.strip_prefix(&header).unwrap().to_owned()
}

#[test]
fn hledger_is_told_of_amounts_accounts_and_what_entries_refer_to() {
    let header = written(Format::Hledger, &[]);
    for line in [
        "decimal-mark .",
        "commodity 0.00 EUR",
        "commodity 0. JPY",
        "commodity 0.000 KWD",
        "account Assets:Receivable  ; type: A",
        "account Liabilities:Tax-Payable:1900  ; type: L",
        "account Liabilities:Tax-Payable:Unknown  ; type: L",
        "account Income:Discounts  ; type: R",
        "account Expenses:Goodwill  ; type: X",
        "account Equity:Unstated  ; type: E",
    ] {
        assert!(header.lines().any(|written| written == line), "{line}");
    }
    let wanted = "
2026-11-23 GiftCardIssued  ; event:00000000-0000-0000-0000-000000000007, position:7, customer:00000000-0000-0000-0000-000000000001, gift_card:00000000-0000-0000-0000-00000000000a
    Assets:Clearing:Gift-Card-Sales  12.34 EUR
    Liabilities:Gift-Cards:Sold  -12.34 EUR
";
    assert_eq!(body(Format::Hledger, &[a_card()]), wanted);
    let first = body(Format::Hledger, &[an_invoice()]).lines().nth(1).unwrap().to_owned();
    assert!(first.starts_with("2026-11-23 (RE-2026/#17) InvoiceIssued  ; event:"), "{first}");
}

#[test]
fn beancount_is_told_of_the_same() {
    let header = written(Format::Beancount, &[]);
    for line in ["1970-01-01 commodity JPY", "1970-01-01 open Liabilities:Tax-Payable:1900"] {
        assert!(header.lines().any(|written| written == line), "{line}");
    }
    let wanted = "
2026-11-23 * \"InvoiceIssued\"
  event: \"00000000-0000-0000-0000-000000000008\"
  position: 8
  number: \"RE-2026/#17\"
  customer: \"00000000-0000-0000-0000-000000000002\"
  invoice: \"00000000-0000-0000-0000-00000000000c\"
  Assets:Receivable  20.42 EUR
  Liabilities:Clearing:Gift-Cards  5.00 EUR
  Liabilities:Clearing:Credits  1.00 EUR
  Liabilities:Tax-Payable:1900  -3.42 EUR
  Income:Sales  -20.00 EUR
  Income:Discounts  2.00 EUR
  Income:Shipping  -5.00 EUR
";
    assert_eq!(body(Format::Beancount, &[an_invoice()]), wanted);
}

#[test]
fn a_spreadsheet_has_a_line_for_each_posting_and_as_many_fields_in_each() {
    let csv = written(Format::Csv, &[a_card(), an_invoice()]);
    let lines: Vec<Vec<&str>> = csv.split_terminator("\r\n").map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 1 + 2 + 7);
    assert!(lines.iter().all(|fields| fields.len() == lines[0].len()), "{csv}");
    let at = |name: &str| lines[0].iter().position(|field| *field == name).unwrap();
    let column = |name: &str| lines[1..].iter().map(|fields| fields[at(name)]).collect::<Vec<_>>();
    assert_eq!(column("debit"), ["12.34", "", "20.42", "5.00", "1.00", "", "", "2.00", ""]);
    assert_eq!(column("credit"), ["", "12.34", "", "", "", "3.42", "20.00", "", "5.00"]);
    assert_eq!(column("account")[..3], ["clearing:gift-card-sales", "gift-cards:sold", "receivable"]);
    assert_eq!(column("number")[1..3], ["", "RE-2026/#17"]);
    assert_eq!(column("invoice_id")[1..3], ["", "00000000-0000-0000-0000-00000000000c"]);
}

#[test]
fn people_see_columns() {
    let wanted = "\
2026-11-23           7  GiftCardIssued         Assets:Clearing:Gift-Card-Sales                12.34 EUR
                                               Liabilities:Gift-Cards:Sold                                        12.34 EUR
                                               event 00000000-0000-0000-0000-000000000007, customer 00000000-0000-0000-0000-000000000001, gift_card 00000000-0000-0000-0000-00000000000a
";
    assert_eq!(body(Format::Table, &[a_card()]), wanted);
}

#[test]
fn what_is_not_declared_or_not_readable_is_refused_and_nothing_of_it_written() {
    for format in Format::ALL {
        let rates = Chart::new([eur()], [TaxRate::BasisPoints(700)]);
        let currencies = Chart::new(["USD".parse().unwrap()], [TaxRate::BasisPoints(1_900)]);
        let refused = |chart: &Chart, dated: &Dated| {
            let mut writer = Writer::new(format, chart, &Mapping::default(), Vec::new()).unwrap();
            let refused = writer.write(dated).unwrap_err();
            let empty = Writer::new(format, chart, &Mapping::default(), Vec::new()).unwrap();
            assert_eq!(writer.finish().unwrap(), empty.finish().unwrap(), "{refused}");
            refused
        };
        let account = Account::TaxPayable(TaxRate::BasisPoints(1_900));
        assert!(matches!(refused(&rates, &an_invoice()),
            WriteError::UndeclaredAccount { position: 8, account: undeclared } if undeclared == account));
        assert!(matches!(refused(&currencies, &an_invoice()), WriteError::UndeclaredCurrency { position: 8, .. }));
        for number in ["", "a b", "a\nb", "a)", "ä", "\"", &"1".repeat(65)] {
            let dated = Dated { number: Some(number.to_owned()), ..an_invoice() };
            assert!(matches!(refused(&chart(), &dated), WriteError::Number { position: 8 }), "{number}");
        }
        for date in ["1969-12-31", "3000-01-01"] {
            let dated = Dated { date: date.parse().unwrap(), ..a_card() };
            assert!(matches!(refused(&chart(), &dated), WriteError::Date { position: 7 }), "{date}");
        }
    }
}

/// The longest that a store can ask for, and the oddest.
#[test]
fn every_number_that_a_store_gives_can_be_written() {
    for (format, year) in [(format!("{{year}}{}{{n}}", "#".repeat(31)), i32::MIN), ("-_/.#{n}".to_owned(), 2026)] {
        let number = format.parse::<NumberFormat>().unwrap().write(year, u64::MAX);
        let dated = Dated { number: Some(number.clone()), ..an_invoice() };
        assert!(written(Format::Csv, &[dated]).contains(&number), "{number}");
    }
}

/// The shop's products have titles that would be syntax.
#[test]
fn nothing_that_people_wrote_goes_in() {
    let mut shop = Shop::new(1);
    (0..200).for_each(|_| shop.step());
    let entries = Books::of(&shop).entries;
    for format in Format::ALL {
        let text = written(format, &entries);
        assert!(!text.contains("a thing") && !text.contains("CODE"));
    }
}

/// Whoever takes the bytes may stop.
#[test]
fn bytes_that_are_not_taken_are_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let writer = Writer::new(format, &chart(), &Mapping::default(), Full).unwrap();
        assert!(matches!(writer.finish().map(drop), Err(WriteError::Io(_))));
    }
}
