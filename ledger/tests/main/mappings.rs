//! Other names for accounts.

use ledger::account::UnknownAccount;
use ledger::write::{BadName, Chart, Format, LineFault, Mapping, WriteError, Writer, default_name};
use ledger::{Account, TaxRate};

#[test]
fn a_mapping_names_accounts_and_leaves_the_others() {
    let text = "# VAT of the house\n\n tax-payable:1900 = Liabilities:VAT:Standard # the standard rate\r\ncash=Assets:1000 Kasse\n";
    let mapping = Mapping::parse(text).unwrap();
    assert_eq!(mapping.name(Account::TaxPayable(TaxRate::BasisPoints(1_900))), Some("Liabilities:VAT:Standard"));
    assert_eq!((mapping.name(Account::Cash), mapping.name(Account::Sales)), (Some("Assets:1000 Kasse"), None));
}

#[test]
fn all_lines_that_say_nothing_are_named_by_their_numbers() {
    let text = "cash = Assets:Till\nsales\nkash = Assets:Till\n = x\ncash = Assets:Bank\n#\nsales = \ngoodwill = Expenses:  Gifts\n";
    let bad = Mapping::parse(text).unwrap_err();
    let faults: Vec<_> = bad.lines.iter().map(|line| (line.number, line.fault.clone())).collect();
    let name = BadName::Anywhere("Expenses:  Gifts".to_owned());
    assert_eq!(
        faults,
        [
            (2, LineFault::Shape),
            (3, LineFault::Account(UnknownAccount("kash".to_owned()))),
            (4, LineFault::Shape),
            (5, LineFault::Twice(Account::Cash)),
            (7, LineFault::Shape),
            (8, LineFault::Name(name)),
        ]
    );
    let told = bad.to_string();
    assert!(told.starts_with("line 2: it is not 'ours = theirs'; line 3: there is no account 'kash'; "), "{told}");
}

/// What would be a comment, a status, a code, a virtual posting or a second column to a program.
#[test]
fn a_name_that_programs_read_otherwise_is_none() {
    for name in [
        "*x",
        "!x",
        "(x)",
        "[x]",
        "a;b",
        "a  b",
        "a\tb",
        "a::b",
        ":a",
        "a:",
        "a :b",
        "a: b",
        "\"a\"",
        "a,b",
        "=x",
        "-x",
        "a\u{202e}b",
        "@x",
    ] {
        let fault = Mapping::parse(&format!("cash = {name}")).unwrap_err().lines[0].fault.clone();
        // Spaces at an end are no part of a name.
        assert!(matches!(fault, LineFault::Name(_)), "{name}: {fault:?}");
    }
    for name in ["a", "1000 Kasse", "Erlöse:19 %".trim_end_matches(" %"), "Assets:A/R", "Bank & Söhne", "O'Neil_x.y-z"]
    {
        assert!(Mapping::parse(&format!("cash = {name}")).is_ok(), "{name}");
    }
}

fn writes(format: Format, mapping: &Mapping) -> Result<String, WriteError> {
    let writer = Writer::new(format, &Chart::default(), mapping, Vec::new())?;
    Ok(String::from_utf8(writer.finish()?).unwrap())
}

#[test]
fn beancount_has_rules_of_its_own() {
    for account in Account::FIXED {
        assert!(writes(Format::Beancount, &Mapping::default()).unwrap().contains(&default_name(account)));
    }
    for name in [
        "Assets",
        "Kasse",
        "assets:Cash",
        "Assets:cash",
        "Assets:Cash Desk",
        "Assets:A/R",
        "Cash:Assets",
        "Assets:ärmer",
        "Assets:²",
        "Assets:A½",
        "Assets:A_B",
    ] {
        let mapping = Mapping::parse(&format!("cash = {name}")).unwrap();
        let refused = writes(Format::Beancount, &mapping).unwrap_err();
        assert!(
            matches!(refused, WriteError::Name { account: Account::Cash, source: BadName::Beancount(_) }),
            "{name}: {refused:?}"
        );
        assert!(writes(Format::Hledger, &mapping).is_ok(), "{name}");
    }
    for name in ["Assets:Cash", "Assets:1000-Kasse", "Income:Erlöse"] {
        assert!(writes(Format::Beancount, &Mapping::parse(&format!("cash = {name}")).unwrap()).is_ok(), "{name}");
    }
}

#[test]
fn two_of_ours_may_be_one_of_theirs_which_is_declared_once() {
    let mapping =
        Mapping::parse("gift-cards:sold = Liabilities:Vouchers\ngift-cards:given = Liabilities:Vouchers").unwrap();
    for (format, declaration) in
        [(Format::Hledger, "account Liabilities:Vouchers"), (Format::Beancount, "open Liabilities:Vouchers")]
    {
        assert_eq!(writes(format, &mapping).unwrap().matches(declaration).count(), 1);
    }
}
