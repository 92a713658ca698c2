//! SIGINT, SIGTERM and SIGHUP: the first asks for a graceful stop, the second ends the process at once.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, listened to from here on.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// A terminal that is gone. `None`: whoever started this process does not want it to hear of that, as `nohup` does.
    hang_up: Option<Signal>,
}

impl Signals {
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals can't be listened to");
        let hang_up = if is_deaf_to_hang_ups() { None } else { Some(listen(SignalKind::hangup())?) };
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, hang_up })
    }

    /// Waits for the next one. Gives its name.
    pub async fn next(&mut self) -> &'static str {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = hang_up => "SIGHUP",
        }
    }
}

/// Whether SIGHUP was ignored when this process started. Where the system does not say (it does on Linux), nothing is changed about
/// the signal.
fn is_deaf_to_hang_ups() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| ignores_hang_ups(&status))
}

/// By the set of ignored signals, of which SIGHUP is the first.
fn ignores_hang_ups(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    ignored.is_none_or(|set| set & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen_in_what_the_system_says_of_the_process() {
        assert!(ignores_hang_ups("Name:\tcartlog\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_ups("Name:\tcartlog\nSigIgn:\t0000000000001000\n"));
        assert!(ignores_hang_ups("Name:\tcartlog\n"), "not said");
    }
}
