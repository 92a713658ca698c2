//! What the windows answer, and the same by a count that knows no windows.

use super::shop::{Happened, What, coupon, product, store};
use crate::{Minute, Window, Windows};
use chrono::{TimeDelta, TimeZone};
use chrono_tz::Tz;
use domain::{CouponId, ProductId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Every answer for one store at one time.
#[derive(Debug, PartialEq)]
pub struct Answers {
    pub top: Vec<Vec<(ProductId, u64)>>,
    pub invoice_amount: i64,
    pub top_coupon: Option<(CouponId, u64)>,
    pub new_customers: u64,
    pub log_ins: u64,
}

/// How many products are asked for.
pub const TOP: usize = 5;

/// As the windows answer.
pub async fn answers(windows: &Windows, of: u64, timezone: Tz, now: Timestamp) -> Answers {
    let mut top = Vec::new();
    for window in Window::ALL {
        let items = windows.top_cart_items(store(of), timezone, window, TOP, now).await;
        top.push(items.expect("an answer"));
    }
    Answers {
        top,
        invoice_amount: windows.invoice_amount(store(of), now).await.expect("an answer"),
        top_coupon: windows.top_coupon(store(of), now).await.expect("an answer"),
        new_customers: windows.new_customers(store(of), timezone, now).await.expect("an answer"),
        log_ins: windows.customer_logins(store(of), now).await.expect("an answer"),
    }
}

/// As a count over all that ever happened answers: no buckets, no batches, and days by the calendar alone.
pub fn naive(all: &[Happened], of: u64, timezone: Tz, now: Timestamp) -> Answers {
    let events: Vec<&Happened> = all.iter().filter(|event| event.store == of).collect();
    let date = |time: Timestamp| timezone.from_utc_datetime(&time.to_utc().naive_utc()).date_naive();
    // What is at most a day ahead of the clock counts as if it were now.
    let begun = |event: &Happened| Minute::of(event.at) <= Minute::of(now.plus(TimeDelta::hours(24)));
    let last =
        |event: &Happened, length: TimeDelta| begun(event) && Minute::of(event.at) >= Minute::of(now.minus(length));
    let today = |event: &Happened| begun(event) && (date(event.at) == date(now) || event.at > now);
    let within = |event: &Happened, window: Window| match window {
        Window::Day => today(event),
        Window::LastHour => last(event, TimeDelta::hours(1)),
        Window::Last24Hours => last(event, TimeDelta::hours(24)),
        Window::Last7Days => last(event, TimeDelta::days(7)),
    };
    let two_hours = |event: &&&Happened| last(event, TimeDelta::hours(2));
    let top = Window::ALL
        .into_iter()
        .map(|window| {
            let adds = events.iter().filter(|event| within(event, window));
            let adds = adds.filter_map(|event| match event.what {
                What::Added { product: added, quantity } => Some((product(added), u64::from(quantity))),
                _ => None,
            });
            largest(adds, TOP)
        })
        .collect();
    let coupons = events.iter().filter(two_hours).filter_map(|event| match event.what {
        What::Billed { coupon: Some(used) } => Some((coupon(used), 1)),
        _ => None,
    });
    let amounts = events.iter().filter(two_hours).map(|event| match event.what {
        What::Invoiced { cents } => cents,
        _ => 0,
    });
    // Of a customer's log-ins of one day (UTC) the last one is kept: one that a clock stamped far ahead hides those before it.
    let day = |event: &Happened| event.at.to_utc().date_naive();
    let hidden = |event: &Happened| {
        events.iter().any(|later| later.what == event.what && day(later) == day(event) && later.at > event.at)
    };
    let customers: BTreeSet<u64> = events
        .iter()
        .filter(|event| !hidden(event))
        .filter(|event| event.at > now.minus(TimeDelta::hours(24)) && event.at <= now.plus(TimeDelta::hours(24)))
        .filter_map(|event| match event.what {
            What::LoggedIn { customer } => Some(customer),
            _ => None,
        })
        .collect();
    Answers {
        top,
        invoice_amount: amounts.sum(),
        top_coupon: largest(coupons, 1).first().copied(),
        new_customers: events.iter().filter(|event| today(event) && event.what == What::Registered).count() as u64,
        log_ins: customers.len() as u64,
    }
}

fn largest<K: Ord + Copy>(counts: impl Iterator<Item = (K, u64)>, n: usize) -> Vec<(K, u64)> {
    let mut sums: BTreeMap<K, u64> = BTreeMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    let mut sums: Vec<(K, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|&(key, sum)| (std::cmp::Reverse(sum), key));
    sums.truncate(n);
    sums
}
