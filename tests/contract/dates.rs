//! Times and date filters (api.md §1): days are the store's, and an end includes all that it names.

use super::table::World;
use crate::support::{TestShop, new_product};
use chrono::{DateTime, Duration, FixedOffset, SecondsFormat};
use serde_json::{Value, json};

/// A moment that stands in an answer, in the offset of a store.
fn moment(value: &Value, hours: i32) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(hours * 3_600).expect("an offset");
    value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).expect("a time").with_timezone(&offset)
}

fn encoded(time: DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, false).replace('+', "%2B")
}

#[tokio::test]
async fn a_day_an_hour_and_a_minute_are_the_stores_and_an_end_includes_all_of_it() {
    // At no moment have these two the same date.
    for (timezone, hours) in [("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12)] {
        let shop = TestShop::start_with(json!({ "timezone": timezone })).await;
        let made = shop.post("/product", new_product(json!({}))).await.expect(201);
        let created = moment(&made["product"]["created_at"], hours);
        let count =
            async |filter: String| shop.get(&format!("/product/count?{filter}")).await.expect(200).number("/count");
        for (form, unit) in
            [("%Y%m%d", Duration::days(1)), ("%Y%m%d%H", Duration::hours(1)), ("%Y%m%d%H%M", Duration::minutes(1))]
        {
            let at = |time: DateTime<FixedOffset>| time.format(form).to_string();
            let (before, here, after) = (at(created - unit), at(created), at(created + unit));
            let both = |start: &str, end: &str| format!("created_at_startdate={start}&created_at_enddate={end}");
            assert_eq!(count(both(&here, &here)).await, 1, "{timezone} {here}");
            assert_eq!(count(both(&before, &before)).await, 0, "{timezone} {before}");
            assert_eq!(count(both(&after, &after)).await, 0, "{timezone} {after}");
            assert_eq!(count(both(&before, &after)).await, 1, "{timezone} {here}");
            assert_eq!(count(both(&after, &before)).await, 0, "{timezone} {here}");
            assert_eq!(count(format!("created_at_startdate={here}")).await, 1);
            assert_eq!(count(format!("created_at_startdate={after}")).await, 0);
            assert_eq!(count(format!("created_at_enddate={here}")).await, 1);
            assert_eq!(count(format!("created_at_enddate={before}")).await, 0);
        }
    }
}

#[tokio::test]
async fn a_moment_is_taken_to_the_millisecond_in_any_offset() {
    let shop = TestShop::start_with(json!({ "timezone": "Asia/Tokyo" })).await;
    let made = shop.post("/product", new_product(json!({}))).await.expect(201);
    let count = async |filter: String| shop.get(&format!("/product/count?{filter}")).await.expect(200).number("/count");
    let millisecond = Duration::milliseconds(1);
    for hours in [0, 9, -3] {
        let created = moment(&made["product"]["created_at"], hours);
        assert_eq!(count(format!("created_at_startdate={}", encoded(created))).await, 1);
        assert_eq!(count(format!("created_at_enddate={}", encoded(created))).await, 1);
        assert_eq!(count(format!("created_at_startdate={}", encoded(created + millisecond))).await, 0);
        assert_eq!(count(format!("created_at_enddate={}", encoded(created - millisecond))).await, 0);
    }
    let local = moment(&made["product"]["created_at"], 9).format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    assert_eq!(
        count(format!("created_at_startdate={local}&created_at_enddate={local}")).await,
        1,
        "without an offset the store's"
    );
}

#[tokio::test]
async fn every_date_filter_of_every_list_takes_every_form_and_filters() {
    let world = World::new().await;
    let World { shop, customer, order, .. } = &world;
    shop.put(&format!("/order/{order}/shipped"), Value::Null).await.expect(200);
    shop.put(&format!("/order/{order}/delivered"), Value::Null).await.expect(200);
    let canceled = shop.collect(&shop.invoice(customer, &world.product, 1).await).await;
    shop.put(&format!("/order/{canceled}/canceled"), Value::Null).await.expect(200);
    let of_orders = ["created_at", "shipped_at", "delivered_at", "canceled_at"];
    let cases = [
        ("/product".to_owned(), "products", vec!["created_at", "updated_at"]),
        ("/customer".to_owned(), "customers", vec!["created_at", "updated_at"]),
        ("/order".to_owned(), "orders", of_orders.to_vec()),
        (format!("/customer/{customer}/orders"), "orders", of_orders.to_vec()),
        ("/invoice?closed=true".to_owned(), "invoices", vec![""]),
        (format!("/customer/{customer}/invoices?closed=true"), "invoices", vec![""]),
    ];
    for (path, items, fields) in cases {
        let with = |filter: &str| format!("{path}{}{filter}", if path.contains('?') { '&' } else { '?' });
        let count = async |filter: &str| {
            let listed = shop.get(&with(filter)).await.expect(200);
            listed[items].as_array().map(Vec::len).expect("a list")
        };
        for field in fields {
            let name = |end: &str| if field.is_empty() { end.to_owned() } else { format!("{field}_{end}") };
            let (start, end) = (name("startdate"), name("enddate"));
            let some = count(&format!("{start}=00010101&{end}=99991231")).await;
            assert!(some > 0, "{path} {field}");
            for form in [
                "20200101",
                "2020010123",
                "202001012359",
                "2020-01-01T23:59:59Z",
                "2020-01-01T23:59:59.999%2B05:30",
                "2020-01-01T00:00:00",
            ] {
                assert_eq!(count(&format!("{start}={form}")).await, some, "{path} {field} {form}");
                assert_eq!(count(&format!("{end}={form}")).await, 0, "{path} {field} {form}");
            }
            for bad in [
                "",
                "2026",
                "202613",
                "20260230",
                "2026010124",
                "202601010060",
                "yesterday",
                "00000101",
                "10000-01-01T00:00:00Z",
                "2026-01-01",
                "20260101000000",
            ] {
                for name in [&start, &end] {
                    shop.get(&with(&format!("{name}={bad}"))).await.refuses(&[&format!("#/{name}")]);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_day_without_a_midnight_and_one_of_25_hours_are_days_as_any_other() {
    // Cairo leaves out midnight on 24 April 2026; Berlin has two o'clock twice on 25 October 2026.
    for (timezone, date) in [("Africa/Cairo", "20260424"), ("Europe/Berlin", "20261025"), ("Pacific/Apia", "20111230")]
    {
        let shop = TestShop::start_with(json!({ "timezone": timezone })).await;
        shop.get(&format!("/product?created_at_startdate={date}&created_at_enddate={date}")).await.expect(200);
        let code = shop.coupon(json!({ "amount": 1, "starts_at": date })).await;
        let starts = shop.get(&format!("/coupon_code/{code}")).await.text("/coupon/starts_at");
        let wanted = match timezone {
            "Africa/Cairo" => "2026-04-23T22:00:00.000Z",
            "Europe/Berlin" => "2026-10-24T22:00:00.000Z",
            _ => "2011-12-30T10:00:00.000Z",
        };
        assert_eq!(starts, wanted, "{timezone}");
    }
}

#[tokio::test]
async fn another_time_zone_moves_the_stores_days() {
    let shop = TestShop::start_with(json!({ "timezone": "Pacific/Kiritimati" })).await;
    let made = shop.post("/product", new_product(json!({}))).await.expect(201);
    let day = moment(&made["product"]["created_at"], 14).format("%Y%m%d").to_string();
    let count =
        async || shop.get(&format!("/product/count?created_at_startdate={day}")).await.expect(200).number("/count");
    assert_eq!(count().await, 1);
    shop.put("/store", json!({ "timezone": "Etc/GMT+12" })).await.expect(200);
    assert_eq!(count().await, 0);
}
