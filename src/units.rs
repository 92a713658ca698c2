//! Sizes, counts and durations in people's units.
//!
//! Nothing here fails; machines get plain numbers instead.

use domain::Currency;
use std::time::Duration;

/// `12.3 MB`; powers of 1000.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1000.0;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// `1,234,567`.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1,234.56 EUR`, `-1,234 JPY`.
pub fn money(currency: Currency, minor_units: i64) -> String {
    let decimal = currency.decimal(minor_units);
    let (sign, amount) = decimal.strip_prefix('-').map_or(("", decimal.as_str()), |amount| ("-", amount));
    let (whole, fraction) = amount.split_at(amount.find('.').unwrap_or(amount.len()));
    format!("{sign}{}{fraction} {currency}", grouped(whole))
}

/// How often something happens, in words: `120 carts a second`, `45 carts a minute`, `3 carts an hour`. The largest of the three
/// that is not less than ten, if there is one.
pub fn rate(many: u64, what: &str, within: Duration) -> String {
    let a_second = many as f64 / within.as_secs_f64().max(0.001);
    let (number, time) = match a_second {
        ten_a_second if ten_a_second >= 10.0 => (ten_a_second, "a second"),
        ten_a_minute if ten_a_minute * 60.0 >= 10.0 => (ten_a_minute * 60.0, "a minute"),
        seldom => (seldom * 3_600.0, "an hour"),
    };
    format!("{} {what} {time}", count(number.round() as u64))
}

/// `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        86_400.. => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `0.8 ms`, `37 ms`, `1.2 s`: how long an answer took.
pub fn latency(latency: Duration) -> String {
    match latency.as_micros() {
        0..10_000 => format!("{:.1} ms", latency.as_secs_f64() * 1_000.0),
        10_000..1_000_000 => format!("{} ms", latency.as_millis()),
        1_000_000.. => format!("{:.1} s", latency.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([bytes(0), bytes(999), bytes(1_500), bytes(999_999)], ["0 B", "999 B", "1.5 kB", "1.0 MB"]);
        assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        let seconds = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(
            [seconds(3), seconds(59), seconds(185), seconds(7_800), seconds(356_400)],
            ["3.0 s", "59 s", "3 min 5 s", "2 h 10 min", "4 d 3 h"]
        );
        let euros = "EUR".parse().expect("a currency");
        assert_eq!([money(euros, 123_456_789), money(euros, -5)], ["1,234,567.89 EUR", "-0.05 EUR"]);
        assert_eq!(money("JPY".parse().expect("a currency"), -1_234), "-1,234 JPY");
        let in_a_minute = |many| rate(many, "carts", Duration::from_secs(60));
        assert_eq!(
            [7_200, 600, 119, 10, 1, 0].map(in_a_minute),
            [
                "120 carts a second",
                "10 carts a second",
                "119 carts a minute",
                "10 carts a minute",
                "60 carts an hour",
                "0 carts an hour"
            ]
        );
        assert_eq!([latency(Duration::from_micros(840)), latency(Duration::from_millis(37))], ["0.8 ms", "37 ms"]);
    }
}
