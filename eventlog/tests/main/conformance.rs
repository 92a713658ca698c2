//! Each adapter passes the suite.

use async_trait::async_trait;
use eventlog::conformance::Subject;
use eventlog::{EventLog, MemoryLog, SqliteLog, SqliteOptions};
use std::sync::Arc;
use tempfile::TempDir;

/// The log itself: what outlives it is nothing.
struct Memory(Arc<MemoryLog>);

#[async_trait]
impl Subject for Memory {
    async fn open(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.0) as Arc<dyn EventLog>
    }
}

struct Sqlite {
    directory: TempDir,
    options: SqliteOptions,
}

impl Sqlite {
    fn new(options: SqliteOptions) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), options }
    }
}

#[async_trait]
impl Subject for Sqlite {
    async fn open(&self) -> Arc<dyn EventLog> {
        let path = self.directory.path().join("events.db");
        Arc::new(SqliteLog::open(&path, self.options.clone()).unwrap())
    }

    fn max_append_bytes(&self) -> usize {
        self.options.max_append_bytes
    }
}

/// Everything that is bounded is as small as it can be, so that each bound is met all the time.
fn tight() -> SqliteOptions {
    SqliteOptions {
        max_append_bytes: 64 * 1024,
        batch_appends: 3,
        queued_appends: 2,
        queued_bytes: 64 * 1024,
        readers: 1,
        recent_events: 5,
        recent_bytes: 4096,
        checkpoint_pages: 4,
        remembered_streams: 4,
        ..SqliteOptions::default()
    }
}

mod memory {
    eventlog::conformance!(super::Memory(Default::default()));
}

mod sqlite {
    eventlog::conformance!(super::Sqlite::new(Default::default()));
}

mod sqlite_within_tight_bounds {
    eventlog::conformance!(super::Sqlite::new(super::tight()));
}

#[cfg(feature = "eventstoredb")]
mod eventstoredb {
    use async_trait::async_trait;
    use eventlog::conformance::Subject;
    use eventlog::{EventLog, EventStoreDbLog, EventStoreDbOptions};
    use eventstoredb_double::Double;
    use std::sync::Arc;
    use tokio::sync::OnceCell;
    use uuid::Uuid;

    /// The streams that the suite writes to.
    const PREFIXES: [&str; 3] = ["cart-", "product-", "invoice-"];

    fn open(options: EventStoreDbOptions) -> Arc<dyn EventLog> {
        Arc::new(EventStoreDbLog::open(options).unwrap())
    }

    struct OfDouble {
        double: OnceCell<Double>,
        options: EventStoreDbOptions,
    }

    impl OfDouble {
        fn new(options: EventStoreDbOptions) -> Self {
            Self { double: OnceCell::new(), options }
        }
    }

    #[async_trait]
    impl Subject for OfDouble {
        async fn open(&self) -> Arc<dyn EventLog> {
            let url = self.double.get_or_init(Double::start).await.url();
            open(EventStoreDbOptions { url, ..self.options.clone() })
        }

        fn max_append_bytes(&self) -> usize {
            self.options.max_append_bytes
        }
    }

    fn usual() -> EventStoreDbOptions {
        EventStoreDbOptions::new("", PREFIXES)
    }

    /// Everything that is bounded is as small as it can be, and other names in the server.
    fn tight() -> EventStoreDbOptions {
        EventStoreDbOptions {
            namespace: "eu-".to_owned(),
            max_append_bytes: 64 * 1024,
            recent_events: 5,
            recent_bytes: 4096,
            ..usual()
        }
    }

    mod double {
        eventlog::conformance!(super::OfDouble::new(super::usual()));
    }

    mod double_within_tight_bounds {
        eventlog::conformance!(super::OfDouble::new(super::tight()));
    }

    /// Of the true server that `CARTLOG_TEST_EVENTSTOREDB` names, each check with streams of its own.
    struct OfServer {
        url: String,
        namespace: String,
    }

    impl OfServer {
        fn named() -> Option<Self> {
            let url = std::env::var("CARTLOG_TEST_EVENTSTOREDB").ok()?;
            Some(Self { url, namespace: format!("test-{}-", Uuid::now_v7()) })
        }
    }

    #[async_trait]
    impl Subject for OfServer {
        async fn open(&self) -> Arc<dyn EventLog> {
            let namespace = self.namespace.clone();
            open(EventStoreDbOptions { namespace, ..EventStoreDbOptions::new(&self.url, PREFIXES) })
        }

        fn max_append_bytes(&self) -> usize {
            usual().max_append_bytes
        }
    }

    mod server {
        eventlog::conformance!(optional super::OfServer::named());
    }
}

#[test]
fn no_check_of_the_suite_is_left_out() {
    let list = include_str!("../../src/conformance/mod.rs");
    for (module, source) in [
        ("appends", include_str!("../../src/conformance/appends.rs")),
        ("concurrency", include_str!("../../src/conformance/concurrency.rs")),
        ("reads", include_str!("../../src/conformance/reads.rs")),
        ("subscriptions", include_str!("../../src/conformance/subscriptions.rs")),
    ] {
        for check in source.split("pub async fn ").skip(1) {
            let name = check.split('(').next().unwrap();
            assert!(list.contains(&format!("{module}::{name},")), "{module}::{name} is not in the list");
        }
    }
}
