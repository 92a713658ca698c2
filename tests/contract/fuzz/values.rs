//! Odd values, for every place of a request.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

fn pick<'v>(rng: &mut StdRng, values: &[&'v str]) -> &'v str {
    values.choose(rng).copied().unwrap_or_default()
}

/// A text as JSON, or what passes for one at first sight.
pub fn json(rng: &mut StdRng) -> String {
    const ODD: [&str; 44] = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "1.5",
        "1e3",
        "1E400",
        "-1e-400",
        "0x10",
        "01",
        "+1",
        ".5",
        "NaN",
        "Infinity",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "10000000000000",
        "10000000000001",
        "123456789012345678901234567890123456789012345678901234567890",
        "\"\"",
        "\"1\"",
        "\"null\"",
        "\" \"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udfff\\ud800\"",
        "\"\\u202e\"",
        "\"\\ufeff\"",
        "\"🍵\"",
        "\"a\\nb\"",
        "[]",
        "{}",
        "[null]",
        "{\"a\":1}",
        "[[[[[[[[[[]]]]]]]]]]",
        "\"'; DROP TABLE events; --\"",
        "\"../../etc/passwd\"",
    ];
    match rng.random_range(0..12) {
        0 => format!("\"{}\"", "x".repeat(rng.random_range(900..12_000))),
        1 => nested(rng),
        2 => format!("[{}]", vec![pick(rng, &ODD); rng.random_range(1..150)].join(",")),
        _ => pick(rng, &ODD).to_owned(),
    }
}

/// JSON as deep as somebody may think of.
pub fn nested(rng: &mut StdRng) -> String {
    let depth = *[2, 100, 127, 128, 129, 1_000, 100_000].choose(rng).expect("not empty");
    match rng.random_range(0..3) {
        0 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        1 => format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
        _ => "[{".repeat(depth),
    }
}

/// A part of a path, as it stands on the wire.
pub fn segment(rng: &mut StdRng) -> String {
    const ODD: [&str; 34] = [
        "",
        "0",
        "1",
        "-1",
        "null",
        "undefined",
        "0193a000-0000-7000-8000-000000000000",
        "00000000-0000-0000-0000-000000000000",
        "%00",
        "%01",
        "%7f",
        "%ff",
        "%c3",
        "%C3%A4",
        "%F0%9F%8D%B5",
        "%ED%A0%80",
        "%",
        "%z",
        "%zz",
        "%2",
        "%2F",
        "%2e%2e",
        "..",
        ".",
        "a b+c",
        "%20",
        "+",
        "*",
        "~",
        "'%22",
        "count",
        "make_primary",
        "history",
        "99999999999999999999",
    ];
    match rng.random_range(0..10) {
        0 => "x".repeat(rng.random_range(200..20_000)),
        1 => "%41".repeat(rng.random_range(1..2_000)),
        _ => pick(rng, &ODD).replace(' ', "%20"),
    }
}

/// A name or a value of a query, as it stands on the wire.
pub fn query_part(rng: &mut StdRng) -> String {
    const ODD: [&str; 40] = [
        "",
        "0",
        "1",
        "-1",
        "1.5",
        "true",
        "false",
        "TRUE",
        "yes",
        "null",
        "%00",
        "%ff",
        "%",
        "%zz",
        "%26",
        "%3D",
        "+",
        "a%0Ab",
        "%C2%85",
        "[]",
        "{}",
        "20260101",
        "20261301",
        "2026010124",
        "99991231",
        "00010101",
        "00000101",
        "9999-12-31T23:59:59.999-23:59",
        "0001-01-01T00:00:00%2B23:59",
        "2026-01-01T00:00:00Z",
        "2026-06-30T23:59:60Z",
        "250",
        "251",
        "10000000000001",
        "99999999999999999999",
        "day",
        "pending",
        "%D9%A1",
        "a@b.de",
        "%F0%9F%8D%B5",
    ];
    match rng.random_range(0..12) {
        0 => "x".repeat(rng.random_range(900..3_000)),
        _ => pick(rng, &ODD).to_owned(),
    }
}

/// Names of parameters that some route knows.
pub fn query_name(rng: &mut StdRng) -> String {
    const KNOWN: [&str; 22] = [
        "page",
        "limit",
        "cursor",
        "vendor",
        "tag",
        "email",
        "created_at_startdate",
        "created_at_enddate",
        "shipped_at_startdate",
        "startdate",
        "enddate",
        "closed",
        "status",
        "state",
        "active",
        "is_primary",
        "full",
        "amount",
        "credit",
        "all",
        "window",
        "available",
    ];
    pick(rng, &KNOWN).to_owned()
}

/// A header line's name and value. A position beyond the log is left out: its answer is a 503, and rightly so.
pub fn header(rng: &mut StdRng) -> (String, Vec<u8>) {
    const NAMES: [&str; 22] = [
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "Cartlog-Min-Position",
        "Content-Type",
        "Content-Encoding",
        "Accept",
        "Accept-Encoding",
        "x-request-id",
        "APP-ID",
        "ACCESS-TOKEN",
        "Expect",
        "Range",
        "Cookie",
        "Host",
        "Origin",
        "X-HTTP-Method-Override",
        "Forwarded",
        "Upgrade",
        "TE",
        "Accept-Charset",
        "X-Odd",
    ];
    let name = pick(rng, &NAMES);
    const VALUES: [&str; 27] = [
        "",
        " ",
        "x",
        "*",
        "\"0.0\"",
        "W/\"1.x\"",
        "\"1.a\", \"2.b\"",
        "\"99999999999999999999.x\"",
        "0",
        "-1",
        "1.5",
        "text/plain",
        "application/json",
        "application/json; charset=utf-16",
        "application/xml",
        "application/problem+json;q=0.1",
        "gzip",
        "br;q=x",
        "identity;q=0, *;q=0",
        "bytes=0-1",
        "100-continue",
        "ä",
        "a,b;c=\"d\"",
        "text/html,*/*;q=0.8",
        "DELETE",
        "h2c",
        "trailers",
    ];
    let value = match rng.random_range(0..8) {
        0 => vec![0xff, 0xfe, b'x'],
        1 => vec![b'k'; rng.random_range(200..5_000)],
        _ => pick(rng, &VALUES).as_bytes().to_vec(),
    };
    (name.to_owned(), value)
}

/// Any bytes.
pub fn noise(rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; rng.random_range(0..300)];
    rng.fill_bytes(&mut bytes);
    bytes
}
