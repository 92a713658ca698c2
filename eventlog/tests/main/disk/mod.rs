//! What the log promises of the disk: tested with a shim between a process and its files (`shim.c`, Linux only).

mod appender;
mod model;
mod power_cut;
mod process;
mod trouble;
