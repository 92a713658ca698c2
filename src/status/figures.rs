//! How a store is as figures among the metrics: written by a server, and read of one elsewhere.

use super::report::{File, Follower, Log, Server, StoreStatus};
use crate::units;

const HEAD: &str = "cartlog_log_head";
const LAST_EVENT: &str = "cartlog_log_last_event_timestamp_seconds";
const UP_FOR: &str = "cartlog_up_seconds";
const POSITION: &str = "cartlog_follower_position";
const LAG_EVENTS: &str = "cartlog_follower_lag_events";
const LAG_SECONDS: &str = "cartlog_follower_lag_seconds";
const PARKED: &str = "cartlog_follower_parked";

impl StoreStatus {
    /// Sets the gauges that say the same; what is not known sets none.
    pub fn record(&self) {
        if let (Some(log_id), Some(head)) = (&self.log.log_id, self.log.head) {
            metrics::gauge!(HEAD, "log_id" => log_id.clone()).set(head as f64);
        }
        let last = self.log.last_event_at.as_ref().and_then(|at| at.parse::<domain::Timestamp>().ok());
        if let Some(last) = last {
            metrics::gauge!(LAST_EVENT).set(last.as_millis() as f64 / 1_000.0);
        }
        if let Some(server) = &self.server {
            metrics::gauge!(UP_FOR).set(server.up_for_seconds as f64);
        }
        for follower in &self.followers {
            let parked = self.parked.iter().filter(|parked| parked.follower == follower.name).count();
            let figures = [
                (POSITION, follower.position.map(|position| position as f64)),
                (LAG_EVENTS, follower.lag_events.map(|events| events as f64)),
                (LAG_SECONDS, follower.lag_seconds),
                (PARKED, Some(parked as f64)),
            ];
            for (name, value) in figures {
                if let Some(value) = value {
                    metrics::gauge!(name, "follower" => follower.name.clone()).set(value);
                }
            }
        }
        for (work, leads) in &self.leads {
            metrics::gauge!("cartlog_leader", "work" => work.clone()).set(f64::from(u8::from(*leads)));
        }
        for file in &self.files {
            metrics::gauge!("cartlog_file_bytes", "file" => file.name.clone()).set(file.bytes as f64);
            metrics::gauge!("cartlog_wal_bytes", "file" => file.name.clone()).set(file.wal_bytes as f64);
        }
    }

    /// From the metrics of a server; `None` where they don't say how far it is.
    pub fn read(server: &str, metrics: &str) -> Option<Self> {
        let figures: Vec<Figure<'_>> = metrics.lines().filter_map(Figure::read).collect();
        let named = |name: &'static str| figures.iter().filter(move |figure| figure.name == name);
        // A server whose log is away has no head to tell.
        named(UP_FOR).next()?;
        let head = named(HEAD).next();
        let of = |name, follower: &str| {
            let found = named(name).find(|figure| figure.label("follower").as_deref() == Some(follower));
            found.map(|figure| figure.value)
        };
        let follower = |name: String| {
            let (lag, parked) = (of(LAG_EVENTS, &name), of(PARKED, &name).unwrap_or(0.0));
            let state = match lag {
                _ if parked > 0.0 => format!("{} parked", units::count(parked as u64)),
                None => "not known".to_owned(),
                Some(lag) if lag > 0.0 => "behind".to_owned(),
                Some(_) => "well".to_owned(),
            };
            Follower {
                position: of(POSITION, &name).map(|position| position as u64),
                lag_events: lag.map(|lag| lag as u64),
                lag_seconds: of(LAG_SECONDS, &name),
                state,
                name,
            }
        };
        let millis = named(LAST_EVENT).map(|figure| (figure.value * 1_000.0).round() as i64).find(|millis| *millis > 0);
        let wal_bytes = |file: &str| {
            let found = named("cartlog_wal_bytes").find(|figure| figure.label("file").as_deref() == Some(file));
            found.map_or(0, |figure| figure.value as u64)
        };
        let files = named("cartlog_file_bytes").filter_map(|figure| {
            let name = figure.label("file")?;
            Some(File { bytes: figure.value as u64, wal_bytes: wal_bytes(&name), name })
        });
        let leads = named("cartlog_leader").filter_map(|figure| Some((figure.label("work")?, figure.value > 0.0)));
        let mut names: Vec<String> = named(PARKED).filter_map(|figure| figure.label("follower")).collect();
        names.sort_unstable();
        let mut files: Vec<File> = files.collect();
        files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Some(Self {
            version: named("cartlog_build_info").find_map(|figure| figure.label("version")).unwrap_or_default(),
            server: Some(Server {
                pid: None,
                url: server.to_owned(),
                up_for_seconds: named(UP_FOR).next().map_or(0, |figure| figure.value as u64),
            }),
            log: Log {
                log_id: head.and_then(|head| head.label("log_id")),
                unit: None,
                head: head.map(|head| head.value as u64),
                last_event_at: millis.map(|millis| domain::Timestamp::from_millis(millis).to_string()),
            },
            followers: names.into_iter().map(follower).collect(),
            leads: leads.collect(),
            parked: Vec::new(),
            tasks: Vec::new(),
            files,
        })
    }
}

/// A line of Prometheus' text format.
struct Figure<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl<'a> Figure<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, value) = line.rsplit_once(' ')?;
        let (name, labels) =
            name.split_once('{').map_or((name, ""), |(name, labels)| (name, labels.trim_end_matches('}')));
        Some(Self { name, labels, value: value.parse().ok()? })
    }

    /// Of names that are ours, which need no escaping.
    fn label(&self, key: &str) -> Option<String> {
        let begins = format!("{key}=\"");
        let at = self.labels.match_indices(&begins).map(|(at, _)| at);
        let mut at = at.filter(|at| *at == 0 || self.labels[..*at].ends_with(','));
        let text = &self.labels[at.next()? + begins.len()..];
        text.split_once('"').map(|(text, _)| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_metrics() {
        let text = "# TYPE cartlog_log_head gauge\ncartlog_log_head{log_id=\"x-y\"} 1700\n\
            cartlog_log_last_event_timestamp_seconds 1795515630.5\ncartlog_up_seconds 90\n\
            cartlog_build_info{version=\"9.9\",commit=\"abc\"} 1\n\
            cartlog_follower_position{follower=\"carts\"} 1690\ncartlog_follower_lag_events{follower=\"carts\"} 10\n\
            cartlog_follower_lag_seconds{follower=\"carts\"} 0.5\ncartlog_follower_position{follower=\"windows\"} 1700\n\
            cartlog_follower_parked{follower=\"carts\"} 0\ncartlog_follower_parked{follower=\"windows\"} 2\n\
            cartlog_follower_parked{follower=\"orders\"} 0\n\
            cartlog_file_bytes{file=\"log.sqlite\"} 4096\nother{a=\"b c\"} 4\n";
        let Some(status) = StoreStatus::read("http://x", text) else { panic!("nothing is read") };
        assert_eq!((status.log.head, status.log.log_id.as_deref()), (Some(1_700), Some("x-y")));
        assert_eq!(status.version, "9.9");
        assert_eq!(status.log.last_event_at.as_deref(), Some("2026-11-24T10:20:30.500Z"));
        assert_eq!(status.server.map(|server| server.up_for_seconds), Some(90));
        let followers: Vec<_> = status
            .followers
            .iter()
            .map(|follower| (follower.name.as_str(), follower.position, follower.lag_events, follower.state.as_str()))
            .collect();
        let (carts, windows) = (("carts", Some(1_690), Some(10), "behind"), ("windows", Some(1_700), None, "2 parked"));
        let away = ("orders", None, None, "not known");
        assert_eq!(followers, [carts, away, windows]);
        assert_eq!(
            status.files.iter().map(|file| (file.name.as_str(), file.bytes)).collect::<Vec<_>>(),
            [("log.sqlite", 4_096)]
        );
        assert!(StoreStatus::read("http://x", "other 4\n").is_none());
    }
}
