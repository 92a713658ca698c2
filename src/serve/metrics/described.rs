//! What each metric means: what `/metrics` says of it beside its figures.

use metrics::Unit;

/// Describes all of them to the recorder that records now.
pub fn all() {
    for (name, unit, meaning) in COUNTERS {
        metrics::describe_counter!(*name, *unit, *meaning);
    }
    for (name, unit, meaning) in GAUGES {
        metrics::describe_gauge!(*name, *unit, *meaning);
    }
    for (name, unit, meaning) in HISTOGRAMS {
        metrics::describe_histogram!(*name, *unit, *meaning);
    }
}

type Described = (&'static str, Unit, &'static str);

const COUNTERS: &[Described] = &[
    (
        "cartlog_append_failures_total",
        Unit::Count,
        "Appends that were not stored, or not known to be, by kind: unavailable, outcome_unknown, conflict (with another node or request: done again), \
         too_large, empty.",
    ),
    (
        "cartlog_commands_total",
        Unit::Count,
        "Commands by kind and by what became of them: done, refused (by a rule), failed (the server could not), unknown.",
    ),
    ("cartlog_http_requests_total", Unit::Count, "Requests by method, route and status."),
    ("cartlog_kafka_events_total", Unit::Count, "Events that this node has committed to Kafka."),
    ("cartlog_log_lines_left_out_total", Unit::Count, "Log lines that said what others had just said."),
    ("cartlog_log_lines_lost_total", Unit::Count, "Log lines that nobody took in time."),
    ("cartlog_snapshots_dropped_total", Unit::Count, "Snapshots that were not written because too many waited."),
    ("cartlog_task_restarts_total", Unit::Count, "How often each task broke off and was started again."),
    ("cartlog_views_events_total", Unit::Count, "Events that this node has folded into the views."),
    ("cartlog_windows_events_total", Unit::Count, "Events that this node has counted into the metric windows."),
];

const GAUGES: &[Described] = &[
    ("cartlog_build_info", Unit::Count, "1, with the version and the commit that this binary was built from."),
    (
        "cartlog_disk_free_bytes",
        Unit::Bytes,
        "Free bytes on the disk of the data directory's files, where least is free.",
    ),
    ("cartlog_disk_reserve_bytes", Unit::Bytes, "Bytes that are to stay free there: with less, commands are refused."),
    ("cartlog_file_bytes", Unit::Bytes, "Bytes of each file of the data directory, without its write-ahead log."),
    (
        "cartlog_follower_lag_events",
        Unit::Count,
        "How far each follower of the log is behind its head now, in what positions count: events, or in EventStoreDB bytes of the server's log. Absent \
         while it is not known.",
    ),
    (
        "cartlog_follower_lag_seconds",
        Unit::Seconds,
        "For how long the oldest event that the follower has not taken has been in the log; 0 where there is none, absent while it is not known.",
    ),
    ("cartlog_follower_parked", Unit::Count, "Rows and streams that the follower can't take, of those that are named."),
    ("cartlog_follower_position", Unit::Count, "Up to which position of the log the follower has come."),
    (
        "cartlog_leader",
        Unit::Count,
        "1 where this node does the work that one node does for all, else 0; absent where each does its own.",
    ),
    ("cartlog_log_head", Unit::Count, "The position of the log's last event."),
    (
        "cartlog_log_last_event_timestamp_seconds",
        Unit::Seconds,
        "When the log's last event was recorded, in seconds since 1970.",
    ),
    ("cartlog_memory_bytes", Unit::Bytes, "Bytes that are held in memory, of what --memory bounds."),
    ("cartlog_part_state", Unit::Count, "1 for the state that each part of the server is in, as /readyz says."),
    ("cartlog_reactions_parked", Unit::Count, "What follows from events and can't go on, by the kind of reason."),
    ("cartlog_reactions_pending", Unit::Count, "What follows from events and waits for its time."),
    ("cartlog_ready", Unit::Count, "1 where commands, or queries, are taken, as /readyz?for= says, else 0."),
    ("cartlog_request_body_bytes", Unit::Bytes, "Bytes of requests' bodies in memory, of what --body-memory bounds."),
    ("cartlog_task_up", Unit::Count, "1 for each task that runs, 0 while it rests before its next start or is dead."),
    ("cartlog_up_seconds", Unit::Seconds, "For how long the server has been up."),
    ("cartlog_views_parked", Unit::Count, "Rows and streams that each view can't fold."),
    ("cartlog_wal_bytes", Unit::Bytes, "Bytes of the write-ahead log beside each file of the data directory."),
    ("cartlog_windows_skipped_events", Unit::Count, "Events that can't be read and don't count in the metric windows."),
];

const HISTOGRAMS: &[Described] = &[
    ("cartlog_append_seconds", Unit::Seconds, "How long appends to the log take."),
    ("cartlog_http_request_duration_seconds", Unit::Seconds, "How long requests take, by method and route."),
    ("cartlog_views_batch_events", Unit::Count, "How many events are folded into the views at once."),
    ("cartlog_views_batch_seconds", Unit::Seconds, "How long it takes to fold and store them."),
];
