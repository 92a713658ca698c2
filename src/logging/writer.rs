//! The one thread that writes to stderr. Whoever has a line hands it over and goes on; what finds no room, or can't be written, is
//! counted. Bars are drawn by this thread too, so that no line goes across one.

use super::format;
use super::throttle::{LeftOut, TELLS_OF_OTHERS, Throttle};
use crate::config::LogFormat;
use crate::{progress, supervise};
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written, and what they may take.
const MOST_LINES: usize = 4_096;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How often it is looked what was left out.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// How often bars are drawn, while there are any.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// How long stderr may say that it takes nothing right now, before a line is lost for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines go. Cheap to clone.
#[derive(Clone)]
pub struct Lines {
    pieces: SyncSender<Piece>,
    counts: Arc<Counts>,
}

enum Piece {
    Line(Vec<u8>),
    /// Tell when everything before it is written; at the end also what was left out and not told of yet.
    Flush {
        done: SyncSender<()>,
        is_end: bool,
    },
}

#[derive(Default)]
struct Counts {
    waiting_bytes: AtomicUsize,
    /// Lines that were lost and not told of yet.
    lost: AtomicU64,
}

impl Counts {
    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("cartlog_log_lines_lost_total").increment(1);
    }
}

impl Lines {
    /// Starts the thread.
    ///
    /// # Errors
    /// There is none to be had.
    pub fn start(throttle: Arc<Throttle>, format: LogFormat) -> io::Result<Self> {
        let (pieces, waiting) = sync_channel(MOST_LINES);
        let counts = Arc::<Counts>::default();
        let (lines, looked) = (pieces.clone(), Instant::now());
        let mut output = Output { counts: Arc::clone(&counts), throttle, format, lines, is_torn: false, looked };
        supervise::thread("log lines", move || output.run(&waiting))?;
        Ok(Self { pieces, counts })
    }

    /// Takes the line if there is room; never waits.
    pub fn put(&self, line: Vec<u8>) {
        let bytes = line.len();
        let waiting = self.counts.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if waiting > MOST_BYTES || self.pieces.try_send(Piece::Line(line)).is_err() {
            self.counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.counts.lose();
        }
    }

    /// Waits until what was put before is written, at most so long; at the end of the process, what was left out is told too.
    pub fn flush(&self, within: Duration, is_end: bool) {
        let (done, told) = sync_channel(1);
        let until = Instant::now() + within;
        while self.pieces.try_send(Piece::Flush { done: done.clone(), is_end }).is_err() {
            if Instant::now() >= until {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // Whether it came or not, that is as long as anybody waits.
        let _ = told.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    /// `tracing` gives a line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Stderr, in this thread's hands.
struct Output {
    counts: Arc<Counts>,
    throttle: Arc<Throttle>,
    format: LogFormat,
    /// What this thread has to say itself.
    lines: SyncSender<Piece>,
    /// A line was written in part: the next one begins anew.
    is_torn: bool,
    looked: Instant,
}

impl Output {
    /// For as long as the process lives. Called again after a panic.
    fn run(&mut self, pieces: &Receiver<Piece>) {
        loop {
            let every = if progress::is_shown() { DRAWN_EVERY } else { LOOKED_EVERY };
            match pieces.recv_timeout(every) {
                Ok(Piece::Line(line)) => {
                    self.counts.waiting_bytes.fetch_sub(line.len(), Ordering::Relaxed);
                    progress::clear();
                    self.write(&line);
                }
                Ok(Piece::Flush { done, is_end: true }) => {
                    self.throttle.rest().iter().for_each(tell_left_out);
                    // What was told stands behind this.
                    let _ = self.lines.try_send(Piece::Flush { done, is_end: false });
                }
                Ok(Piece::Flush { done, is_end: false }) => {
                    progress::draw();
                    self.tell_lost();
                    // Who does not wait any more needs not be told.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => progress::draw(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.looked.elapsed() >= LOOKED_EVERY {
                self.looked = Instant::now();
                progress::draw();
                self.throttle.due(self.looked).iter().for_each(tell_left_out);
                self.tell_lost();
            }
        }
    }

    fn write(&mut self, line: &[u8]) {
        let mut stderr = io::stderr().lock();
        if self.is_torn && written_from(&mut stderr, b"\n").is_ok() {
            self.is_torn = false;
        }
        if let Err(part) = written_from(&mut stderr, line) {
            self.is_torn |= part > 0;
            self.counts.lose();
        }
    }

    /// Tells of lost lines once stderr takes a line again.
    fn tell_lost(&mut self) {
        let lost = self.counts.lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        let mut line = if self.is_torn { "\n".to_owned() } else { String::new() };
        line.push_str(&format::warning(
            self.format,
            "log lines were lost: standard error did not take them",
            ("lost", lost),
        ));
        match written_from(&mut io::stderr().lock(), line.as_bytes()) {
            Ok(()) => self.is_torn = false,
            Err(part) => {
                self.is_torn |= part > 0;
                self.counts.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
    }
}

fn tell_left_out(LeftOut { level, text, lines }: &LeftOut) {
    const SAID: &str = "more lines like one before were left out";
    match *level {
        Level::ERROR => tracing::error!(target: TELLS_OF_OTHERS, left_out = lines, like = text, "{SAID}"),
        Level::WARN => tracing::warn!(target: TELLS_OF_OTHERS, left_out = lines, like = text, "{SAID}"),
        _ => tracing::info!(target: TELLS_OF_OTHERS, left_out = lines, like = text, "{SAID}"),
    }
}

/// Writes all of it, or says how much of it.
fn written_from(output: &mut impl Write, bytes: &[u8]) -> Result<(), usize> {
    let (mut done, until) = (0, Instant::now() + PATIENCE);
    while done < bytes.len() {
        match output.write(&bytes[done..]) {
            Ok(0) => return Err(done),
            Ok(more) => done += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Somebody who shares the terminal has set it so.
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(_) => return Err(done),
        }
    }
    Ok(())
}
