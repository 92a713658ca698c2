//! The suite that every adapter of the log passes (feature `conformance`). An adapter joins with one line in its tests:
//!
//! ```ignore
//! mod my_log { eventlog::conformance!(MySubject::new()); }
//! ```
//!
//! What lives here: what the port promises, as checks from outside. What doesn't: what only one adapter promises.

#![allow(clippy::unwrap_used, reason = "a check that can't go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a check draws the ids that it needs")]

pub mod appends;
pub mod concurrency;
pub mod reads;
pub mod subscriptions;
mod support;

use crate::{EventLog, MAX_APPEND_BYTES};
use async_trait::async_trait;
use std::sync::Arc;

/// The log that is put to the test. Each check makes a subject of its own.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens the subject's log: an empty one at first, and the same again after every handle to it was dropped.
    async fn open(&self) -> Arc<dyn EventLog>;

    /// The most bytes that one append may hold.
    fn max_append_bytes(&self) -> usize {
        MAX_APPEND_BYTES
    }
}

/// Makes a test of every check, each with a subject of its own, in the module where it stands. Needs `tokio` with its test
/// macros there. With `optional` the subject is an `Option`: where there is none, there is nothing to test.
#[macro_export]
macro_rules! conformance {
    (optional $subject:expr) => {
        $crate::conformance!(@all $subject,
            appends::an_append_stands_at_the_revision_it_expected,
            appends::an_append_of_several_stands_in_a_row,
            appends::a_conflict_tells_the_actual_revision_and_changes_nothing,
            appends::the_same_append_again_answers_as_the_first_time,
            appends::the_same_append_again_answers_the_same_after_reopening,
            appends::other_or_partly_other_ids_conflict,
            appends::an_append_of_nothing_is_refused,
            appends::too_large_an_append_is_refused_and_the_largest_is_not,
            appends::what_is_stored_comes_back_byte_for_byte,
            appends::events_of_another_log_keep_their_time_where_the_log_says_so,
            appends::stream_names_are_told_apart_whatever_they_are_made_of,
            reads::a_stream_is_read_from_any_revision_with_any_limit,
            reads::a_stream_is_read_backwards,
            reads::all_streams_are_read_in_the_order_of_their_appends,
            reads::a_read_ends_once_it_holds_so_many_bytes,
            reads::an_empty_log_has_nothing_to_read,
            reads::the_head_is_the_position_of_the_last_event,
            reads::the_log_and_its_identity_outlive_its_closing,
            concurrency::of_many_appenders_at_one_revision_exactly_one_wins,
            concurrency::equal_appends_at_the_same_time_are_done_once,
            concurrency::no_reader_sees_a_position_before_a_smaller_one,
            concurrency::an_append_of_several_is_seen_whole_or_not_at_all,
            concurrency::what_was_answered_is_there_to_be_read,
            concurrency::an_append_that_was_given_up_is_done_whole_or_not_at_all,
            subscriptions::a_subscription_brings_all_then_marks_then_what_comes,
            subscriptions::a_subscription_starts_after_any_position,
            subscriptions::a_subscription_to_an_empty_log_is_caught_up_at_once,
            subscriptions::subscriptions_that_start_while_others_write_miss_nothing,
            subscriptions::a_subscriber_that_falls_behind_misses_nothing,
            subscriptions::many_subscribers_all_get_the_same,
            subscriptions::a_dropped_subscription_disturbs_nobody,
        );
    };
    ($subject:expr) => {
        $crate::conformance!(optional Some($subject));
    };
    (@all $subject:expr, $($module:ident :: $check:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                if let Some(subject) = $subject {
                    $crate::conformance::$module::$check(&subject).await;
                }
            }
        )*
    };
}
