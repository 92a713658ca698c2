//! `cover`: its union is the span, its buckets are disjoint, and no fewer would do.

use cartlog_streaming::{Bucket, Granularity, Minute, cover};
use proptest::prelude::*;

/// The fewest buckets for a span, by trying every way (dynamic programming from its end).
fn fewest(from: i64, to: i64) -> usize {
    let length = (to - from) as usize;
    let mut best = vec![usize::MAX; length + 1];
    best[length] = 0;
    for at in (0..length).rev() {
        for granularity in Granularity::ALL {
            let bucket = granularity.minutes();
            let end = at + bucket as usize;
            if (from + at as i64).rem_euclid(bucket) == 0 && end <= length {
                best[at] = best[at].min(1 + best[end]);
            }
        }
    }
    best[0]
}

fn check(from: i64, to: i64) {
    let buckets = cover(Minute(from)..Minute(to));
    let mut at = Minute(from);
    for bucket in &buckets {
        assert_eq!(bucket.start, at, "a gap or an overlap in {from}..{to}");
        assert_eq!(*bucket, Bucket::of(bucket.granularity, bucket.start), "no bucket begins there");
        at = bucket.end();
    }
    assert_eq!(at, Minute(to.max(from)), "not the whole of {from}..{to}");
    assert_eq!(buckets.len(), fewest(from, to.max(from)), "too many for {from}..{to}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_union_is_exact_disjoint_and_of_the_fewest(from in -20_000i64..60_000_000, length in 0i64..12_000) {
        check(from, from + length);
    }

    #[test]
    fn also_at_and_beside_the_edges_of_hours_and_days(
        day in -3i64..20_000, hour in 0i64..25, beside in -2i64..3, days in 0i64..9, hours in 0i64..25, other in -2i64..3,
    ) {
        let from = day * 1_440 + hour * 60 + beside;
        check(from, from - beside + days * 1_440 + hours * 60 + other);
    }
}

#[test]
fn a_week_takes_at_most_a_few_more_than_a_hundred_buckets() {
    let week = 7 * 1_440 + 1;
    let most = (0..1_440).map(|from| cover(Minute(from)..Minute(from + week)).len()).max();
    assert!(most < Some(175), "{most:?}");
    assert_eq!(cover(Minute(5)..Minute(5)), []);
    assert_eq!(cover(Minute(7)..Minute(5)), []);
}
