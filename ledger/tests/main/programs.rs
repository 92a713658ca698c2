//! That hledger and beancount accept a shop's books, and come to the same balances.
//!
//! Where they are not installed nothing is checked, and the tests say what to do; where `CARTLOG_TEST_BOOKKEEPERS` is set, as
//! `tests/bookkeepers env` sets it, they have to be there.

use crate::books::Books;
use crate::chance::for_seeds;
use crate::shop::{CURRENCIES, RATES, Shop};
use domain::Currency;
use ledger::write::{Chart, Format, Mapping, Writer, default_name};
use ledger::{TaxRate, TrialBalance};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As a house that keeps its books in German has it: numbers, umlauts, two of ours in one.
const MAPPING: &str = "
cash = Assets:1600-Kasse
sales = Income:8400-Erlöse
discounts = Income:Übrige-Нал-Ωμέγα
gift-cards:sold = Liabilities:Gutscheine # one account
gift-cards:given = Liabilities:Gutscheine
tax-payable:1900 = Liabilities:1776-Umsatzsteuer-19
";
/// Names that beancount does not know.
const FOR_HLEDGER: &str = "
cash = 1600 Kasse & Bank
sales = erlöse:8400 O'Neil A/R_x.y
";

fn are_installed() -> bool {
    let programs = ["hledger", "bean-check", "bean-query"];
    let missing: Vec<_> =
        programs.into_iter().filter(|program| Command::new(program).arg("--version").output().is_err()).collect();
    if !missing.is_empty() {
        let told = format!(
            "{missing:?} are not installed; to have them: tests/bookkeepers up && eval \"$(tests/bookkeepers env)\""
        );
        assert!(std::env::var_os("CARTLOG_TEST_BOOKKEEPERS").is_none(), "{told}");
        eprintln!("not checked: {told}");
    }
    missing.is_empty()
}

/// What it says, if it has nothing against it.
fn run(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .args(if program == "hledger" { vec!["-f"] } else { Vec::new() })
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let against = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && against.is_empty(), "{program} {arguments:?}: {said}\n{against}");
    said
}

fn chart() -> Chart {
    Chart::new(CURRENCIES.map(|code| code.parse().unwrap()), RATES.map(TaxRate::BasisPoints))
}

fn write(books: &Books, format: Format, mapping: &Mapping, directory: &Path) -> PathBuf {
    let path = directory.join(format!("{format:?}"));
    let mut writer = Writer::new(format, &chart(), mapping, std::fs::File::create(&path).unwrap()).unwrap();
    for (number, dated) in (1..).zip(&books.entries) {
        writer.write(&ledger::Dated { number: Some(format!("R_{number}/2026.A-#")), ..dated.clone() }).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// By name and currency, in the decimals of the currency; what is at 0 is left out.
type Balances = BTreeMap<(String, String), String>;

fn ours(balance: &TrialBalance, mapping: &Mapping) -> Balances {
    let mut cents: BTreeMap<(String, Currency), i128> = BTreeMap::new();
    for (currency, account, sum) in balance.iter() {
        let name = mapping.name(account).map_or_else(|| default_name(account), str::to_owned);
        *cents.entry((name, currency)).or_default() += sum;
    }
    let with_something = cents.into_iter().filter(|(_, sum)| *sum != 0);
    with_something
        .map(|((name, currency), sum)| ((name, currency.to_string()), currency.decimal(sum.try_into().unwrap())))
        .collect()
}

/// Of lines `account,currency,number`.
fn theirs(csv: &str) -> Balances {
    let fields = csv.lines().skip(1).map(|line| line.split(',').map(|field| field.trim().trim_matches('"')).collect());
    let balances = fields.filter_map(|fields: Vec<&str>| {
        let [account, currency, number] = fields[..] else { panic!("{fields:?}") };
        let currency: Currency = currency.parse().unwrap();
        // The currency may stand behind it once more; of nothing it says nothing.
        let number = number.split(' ').next().filter(|number| !number.is_empty()).unwrap_or("0");
        let digits: String = number.chars().filter(|char| *char != '.').collect();
        let cents: i64 = digits.parse().unwrap();
        // Theirs may have fewer decimals than the currency, where they are zeros.
        let decimals = number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let cents = cents * 10_i64.pow((currency.decimals() - decimals) as u32);
        (cents != 0).then(|| ((account.to_owned(), currency.to_string()), currency.decimal(cents)))
    });
    balances.collect()
}

fn books(seed: u64) -> Books {
    let mut shop = Shop::new(seed);
    (0..1_000).for_each(|_| shop.step());
    let mut old = Shop::old(seed);
    (0..200).for_each(|_| old.step());
    shop.log.extend(old.log.into_iter().filter(|step| matches!(step.event, domain::Event::GiftCard(_))).map(|step| {
        // Beside those of the other: an id of its own.
        crate::shop::Step { stream: uuid::Uuid::from_u128(step.stream.as_u128() + (1 << 100)), ..step }
    }));
    Books::of(&shop)
}

#[test]
fn hledger_accepts_a_shops_books_strictly_and_comes_to_the_same_balances() {
    if !are_installed() {
        return;
    }
    for_seeds(3, |seed| {
        let (books, directory) = (books(seed), tempfile::tempdir().unwrap());
        for mapping in ["", MAPPING, FOR_HLEDGER] {
            let mapping = Mapping::parse(mapping).unwrap();
            let file = write(&books, Format::Hledger, &mapping, directory.path());
            run("hledger", &["check", "--strict"], &file);
            let balances = ["balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"];
            assert_eq!(theirs(&run("hledger", &balances, &file)), ours(&books.balance, &mapping));
            // All of it is found by what it refers to.
            let counted = run("hledger", &["print", "tag:event", "tag:position"], &file);
            assert_eq!(counted.matches("position:").count(), books.entries.len());
        }
    });
}

/// The types of accounts are what statements are made of.
#[test]
fn hledger_knows_what_kind_each_account_is() {
    if !are_installed() {
        return;
    }
    let (books, directory) = (books(7), tempfile::tempdir().unwrap());
    let file = write(&books, Format::Hledger, &Mapping::parse(FOR_HLEDGER).unwrap(), directory.path());
    let sheet = run("hledger", &["balancesheetequity", "--flat"], &file);
    let statement = run("hledger", &["incomestatement", "--flat"], &file);
    assert!(sheet.contains("1600 Kasse & Bank") && sheet.contains("Equity:Unstated"), "{sheet}");
    assert!(statement.contains("erlöse:8400") && statement.contains("Expenses:Goodwill"), "{statement}");
}

#[test]
fn beancount_accepts_a_shops_books_and_comes_to_the_same_balances() {
    if !are_installed() {
        return;
    }
    for_seeds(3, |seed| {
        let (books, directory) = (books(seed), tempfile::tempdir().unwrap());
        for mapping in ["", MAPPING] {
            let mapping = Mapping::parse(mapping).unwrap();
            let file = write(&books, Format::Beancount, &mapping, directory.path());
            assert_eq!(run("bean-check", &[], &file), "");
            let output = Command::new("bean-query")
                .args(["-q", "-f", "csv"])
                .arg(&file)
                .arg("SELECT account, currency, sum(position) GROUP BY account, currency")
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(theirs(&String::from_utf8(output.stdout).unwrap()), ours(&books.balance, &mapping));
        }
    });
}

/// Every letter that is taken here stands in the name of an account, at the beginning of a part where it may.
#[test]
fn beancount_takes_every_letter_that_is_taken_here() {
    if !are_installed() {
        return;
    }
    let is_taken = |name: &str| {
        let mapping = Mapping::parse(&format!("cash = {name}")).ok();
        mapping.is_some_and(|mapping| Writer::new(Format::Beancount, &chart(), &mapping, Vec::new()).is_ok())
    };
    let names = ('!'..='\u{ffff}').flat_map(|letter| [format!("Assets:{letter}"), format!("Assets:A{letter}")]);
    let names: Vec<String> = names.filter(|name| is_taken(name)).collect();
    assert!(names.len() > 1_000, "{}", names.len());
    let lines: String = names.iter().enumerate().map(|(rate, name)| format!("tax-payable:{rate} = {name}\n")).collect();
    let rates = (0..names.len()).map(|rate| TaxRate::BasisPoints(rate as u32));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("letters");
    let out = std::fs::File::create(&file).unwrap();
    let chart = Chart::new(["EUR".parse().unwrap()], rates);
    Writer::new(Format::Beancount, &chart, &Mapping::parse(&lines).unwrap(), out).unwrap().finish().unwrap();
    assert_eq!(run("bean-check", &[], &file), "");
}
