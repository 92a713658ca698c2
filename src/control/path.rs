//! Paths of sockets, which systems take only so long.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// The longest path that a socket's address takes on every system.
const LONGEST_ADDRESS: usize = 100;

/// Calls with a path that is short enough for a socket's address: where the socket's own is too long, one by way of its open
/// directory (Linux only; elsewhere the system's error comes back).
pub fn with_short_path<T>(socket: &Path, call: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if socket.as_os_str().len() <= LONGEST_ADDRESS {
        return call(socket);
    }
    let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else { return call(socket) };
    let directory = File::open(directory)?;
    call(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}
