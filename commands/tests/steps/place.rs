//! Where the logs of a suite are kept, each on its own.

use eventlog::{EventLog, MemoryLog};
use std::sync::Arc;

/// Which log it is. Each world, and each copy of one, gets a new one.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Memory,
    /// EventStoreDB's protocol, spoken with a server of the tests' own in this process.
    #[cfg(feature = "eventstoredb")]
    Double,
    /// The true server that `CARTLOG_TEST_EVENTSTOREDB` names.
    #[cfg(feature = "eventstoredb")]
    Server,
}

/// A log, and what it needs to be there.
#[derive(Clone)]
pub enum Kept {
    Memory(Arc<MemoryLog>),
    #[cfg(feature = "eventstoredb")]
    EventStoreDb {
        log: Arc<dyn EventLog>,
        _server: Option<Arc<eventstoredb_double::Double>>,
    },
}

impl Kept {
    pub fn log(&self) -> Arc<dyn EventLog> {
        match self {
            Self::Memory(log) => Arc::clone(log) as Arc<dyn EventLog>,
            #[cfg(feature = "eventstoredb")]
            Self::EventStoreDb { log, .. } => Arc::clone(log),
        }
    }
}

impl Place {
    pub async fn new_log(self) -> Kept {
        match self {
            Self::Memory => Kept::Memory(Arc::new(MemoryLog::new())),
            #[cfg(feature = "eventstoredb")]
            Self::Double => {
                let server = eventstoredb_double::Double::start().await;
                Kept::EventStoreDb { log: in_eventstoredb(&server.url()), _server: Some(Arc::new(server)) }
            }
            #[cfg(feature = "eventstoredb")]
            Self::Server => {
                let url = std::env::var(SERVER).expect("the suite is run on a server only where one is named");
                Kept::EventStoreDb { log: in_eventstoredb(&url), _server: None }
            }
        }
    }

    /// Whether there is such a place here.
    pub fn is_here(self) -> bool {
        match self {
            Self::Memory => true,
            #[cfg(feature = "eventstoredb")]
            Self::Double => true,
            #[cfg(feature = "eventstoredb")]
            Self::Server => std::env::var_os(SERVER).is_some(),
        }
    }
}

#[cfg(feature = "eventstoredb")]
const SERVER: &str = "CARTLOG_TEST_EVENTSTOREDB";

/// In streams of its own: many logs fit into one server.
#[cfg(feature = "eventstoredb")]
fn in_eventstoredb(url: &str) -> Arc<dyn EventLog> {
    let prefixes = domain::Category::ALL.iter().map(|category| format!("{category}-"));
    let namespace = format!("steps-{}-", uuid::Uuid::now_v7());
    let options = eventlog::EventStoreDbOptions { namespace, ..eventlog::EventStoreDbOptions::new(url, prefixes) };
    Arc::new(eventlog::EventStoreDbLog::open(options).expect("the options are good"))
}
