//! What the log promises of the disk: tested with a shim between a process and its files (Linux only).

mod appender;
mod power_cut;
mod process;
mod trouble;
mod truth;
