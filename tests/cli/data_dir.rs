//! Directories and ports that can't be had: one sentence with what to do.

use super::run::{cartlog, on, on_files, run, signal};
use crate::support::Server;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn serve(data: &Path, listen: &str) -> super::run::Ran {
    on_files(data, &["serve", "--log", "error", "--listen", listen])
}

#[test]
fn a_directory_that_is_served_names_the_process_that_has_it() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let refused = serve(data.path(), "127.0.0.1:0").failed();
    assert!(refused.contains(&format!("process {}", server.pid())) && refused.contains("--data"), "{refused}");
}

#[test]
fn a_directory_is_free_again_after_kill_9() {
    let data = tempfile::tempdir().expect("a directory");
    Server::on(data.path(), &[]).kill();
    Server::on(data.path(), &[]);
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    fs::remove_file(data.path().join("control.sock")).expect("there was a socket");
    let refused = on(data.path(), &["status"]).failed();
    assert!(refused.contains(&format!("process {}", server.pid())), "{refused}");
}

#[test]
fn a_taken_port_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = serve(data.path(), &address).failed();
    assert!(refused.contains(&address) && refused.contains("--listen"), "{refused}");
}

#[test]
fn an_address_that_is_none_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    assert!(serve(data.path(), "8080").failed().contains("HOST:PORT"));
}

#[test]
fn a_file_is_no_data_directory() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    for refused in [serve(file.path(), "127.0.0.1:0").failed(), on(file.path(), &["status"]).failed()] {
        assert!(refused.contains("is not a directory"), "{refused}");
    }
}

#[test]
fn a_directory_without_a_store_is_not_made_into_one_by_looking() {
    let data = tempfile::tempdir().expect("a directory");
    for command in [&["status"][..], &["rebuild"], &["audit", "history", "invoice/1"]] {
        assert!(on(data.path(), command).failed().contains("cartlog serve"), "{command:?}");
        assert!(on(&data.path().join("none"), command).failed().contains("cartlog serve"), "{command:?}");
    }
    assert_eq!(fs::read_dir(data.path()).expect("it is there").count(), 0);
}

#[test]
fn a_log_of_a_newer_version_is_left_alone() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    signal(server.pid(), "TERM");
    server.wait();
    let log = data.path().join("log.sqlite");
    raise_version(&log);
    let before = fs::read(&log).expect("a log");
    for refused in [serve(data.path(), "127.0.0.1:0").failed(), on_files(data.path(), &["status"]).failed()] {
        assert!(refused.contains("log.sqlite") && refused.contains("version of cartlog that wrote it"), "{refused}");
    }
    assert!(fs::read(&log).expect("a log") == before);
}

/// SQLite keeps a program's own version of a file at offset 60, four bytes, the highest first.
fn raise_version(path: &Path) {
    let mut file = fs::File::options().read(true).write(true).open(path).expect("a log");
    let mut version = [0; 4];
    file.seek(SeekFrom::Start(60)).and_then(|_| file.read_exact(&mut version)).expect("a version");
    let newer = (u32::from_be_bytes(version) + 1).to_be_bytes();
    file.seek(SeekFrom::Start(60)).and_then(|_| file.write_all(&newer)).expect("another version");
}

#[test]
fn nobody_else_can_look_into_a_new_directory() {
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("deep").join("data");
    let _server = Server::on(&data, &[]);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("control.sock")), 0o600);
}

#[test]
fn a_long_path_has_a_control_socket_too() {
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("d".repeat(120));
    let _server = Server::on(&data, &[]);
    on(&data, &["status"]).succeeded();
}

#[test]
fn the_data_directory_is_made_where_the_command_runs() {
    let here = tempfile::tempdir().expect("a directory");
    let refused = run(cartlog(&["status"]).current_dir(here.path())).failed();
    assert!(refused.contains("./data"), "{refused}");
}
