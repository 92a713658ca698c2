//! What becomes of a file that is opened, by what it is and of which version.

use rusqlite::Connection;
use sqlite::{
    Advice, Bounds, ConnectionMemory, File, Format, OpenError, OtherVersion, Synchronous, WhatIsFound, lock, look,
    open, reopen,
};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn songs(other_version: OtherVersion) -> Format {
    Format {
        what: "songs",
        application_id: 0x736f_6e67,
        version: 4,
        upgrades: &[|file| file.execute_batch("ALTER TABLE songs ADD COLUMN since_4 TEXT")],
        tables: |file| file.execute_batch("CREATE TABLE songs (title TEXT, since_4 TEXT)"),
        other_version,
        synchronous: Synchronous::Full,
        found: WhatIsFound::IsOnDisk,
        pragmas: "PRAGMA secure_delete = ON;",
        bounds: Bounds::SMALL,
        writer: ConnectionMemory::SMALL,
        reader: ConnectionMemory::SMALL,
        readers: 2,
        advice: Advice {
            not_ours: "holds no songs",
            other_version: "sing others",
            if_damaged: "hum",
            begun_anew: "the songs begin anew",
        },
    }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("songs.db")
    }

    /// A file of ours with one song, of that version.
    fn of_version(version: i32) -> Self {
        let place = Self::new();
        drop(open(&place.path(), &songs(OtherVersion::Refuse)).expect("it is made"));
        place.edit("INSERT INTO songs (title) VALUES ('one')");
        if version < 4 {
            place.edit("ALTER TABLE songs DROP COLUMN since_4");
        }
        place.edit(&format!("PRAGMA user_version = {version}"));
        place
    }

    fn edit(&self, sql: &str) {
        Connection::open(self.path()).expect("it opens").execute_batch(sql).expect("SQLite does it");
    }

    fn number(&self, sql: &str) -> i64 {
        Connection::open(self.path()).expect("it opens").query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).expect("a file")
    }
}

/// What is said where the file is left as it is.
fn refusal(place: &Place, format: &Format) -> String {
    let before = place.bytes();
    let opened = open(&place.path(), format);
    let error = opened.err().expect("it is refused");
    assert!(matches!(error, OpenError::NotOurs { .. } | OpenError::OtherVersion { .. }), "{error}");
    assert_eq!(place.bytes(), before);
    error.to_string()
}

#[test]
fn a_new_file_is_made_and_marked_as_ours() {
    let place = Place::new();
    let opened = open(&place.path(), &songs(OtherVersion::Refuse)).expect("it is made");
    assert!(opened.found.is_new());
    assert_eq!(place.number("PRAGMA application_id"), 0x736f_6e67);
    assert_eq!(place.number("PRAGMA user_version"), 4);
    assert_eq!(place.number("SELECT count(*) FROM songs"), 0);
}

#[cfg(unix)]
#[test]
fn it_is_its_owners_alone_with_what_stands_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (_lock, opened) = (lock(&place.path()), open(&place.path(), &songs(OtherVersion::Refuse)));
    opened.expect("it is made").connection.execute_batch("INSERT INTO songs (title) VALUES ('one')").expect("written");
    let _keeps_the_log = open(&place.path(), &songs(OtherVersion::Refuse)).expect("it opens");
    for entry in std::fs::read_dir(place.0.path()).expect("a directory") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn what_a_power_cut_could_take_is_synced_on_a_mac_as_well() {
    let place = Place::new();
    let opened = open(&place.path(), &songs(OtherVersion::Refuse)).expect("it is made");
    for pragma in ["fullfsync", "checkpoint_fullfsync"] {
        let is_on: bool = opened.connection.pragma_query_value(None, pragma, |row| row.get(0)).expect("a value");
        assert!(is_on, "{pragma}");
    }
}

#[test]
fn an_earlier_version_is_brought_to_this_one_whatever_else_becomes_of_others() {
    let all =
        [OtherVersion::Refuse, OtherVersion::LeaveEarlier, OtherVersion::StartAnewIfEarlier, OtherVersion::StartAnew];
    for other_version in all {
        let place = Place::of_version(3);
        drop(open(&place.path(), &songs(other_version)).expect("it opens"));
        assert_eq!(place.number("PRAGMA user_version"), 4, "{other_version:?}");
        assert_eq!(place.number("SELECT count(*) FROM songs WHERE since_4 IS NULL"), 1, "{other_version:?}");
    }
}

#[test]
fn another_version_is_refused_left_or_begun_anew() {
    let titles = "SELECT count(*) FROM songs";
    for (other_version, version) in [
        (OtherVersion::Refuse, 2),
        (OtherVersion::Refuse, 5),
        (OtherVersion::LeaveEarlier, 0),
        (OtherVersion::LeaveEarlier, 5),
        (OtherVersion::StartAnewIfEarlier, 5),
    ] {
        let said = refusal(&Place::of_version(version), &songs(other_version));
        assert!(said.contains(&format!("has format {version}, and this version reads format")), "{said}");
        assert!(said.ends_with("; sing others"), "{said}");
    }
    let left = Place::of_version(2);
    drop(open(&left.path(), &songs(OtherVersion::LeaveEarlier)).expect("it opens"));
    assert_eq!((left.number("PRAGMA user_version"), left.number(titles)), (2, 1));
    for (other_version, version) in [
        (OtherVersion::StartAnewIfEarlier, 0),
        (OtherVersion::StartAnewIfEarlier, 2),
        (OtherVersion::StartAnew, 2),
        (OtherVersion::StartAnew, 5),
    ] {
        let anew = Place::of_version(version);
        drop(open(&anew.path(), &songs(other_version)).expect("it opens"));
        assert_eq!((anew.number("PRAGMA user_version"), anew.number(titles)), (4, 0), "{other_version:?} {version}");
    }
}

#[test]
fn somebody_elses_file_is_named_and_left_as_it_is() {
    let place = Place::new();
    place.edit("CREATE TABLE films (title TEXT)");
    for other_version in [OtherVersion::Refuse, OtherVersion::StartAnew] {
        let said = refusal(&place, &songs(other_version));
        assert_eq!(said, format!("{} holds no songs", place.path().display()));
    }
}

#[test]
fn a_look_changes_nothing() {
    let place = Place::of_version(3);
    let before = place.bytes();
    let connection = look(&place.path(), &songs(OtherVersion::Refuse)).expect("it opens");
    let songs_there: i64 =
        connection.query_row("SELECT count(*) FROM songs", [], |row| row.get(0)).expect("what is there");
    assert_eq!(songs_there, 1);
    drop(connection);
    assert_eq!(place.bytes(), before);
    assert!(look(Path::new("nowhere.db"), &songs(OtherVersion::Refuse)).is_err());
    assert!(!Path::new("nowhere.db").exists());
}

#[test]
fn what_is_opened_again_is_not_made() {
    let place = Place::new();
    assert!(reopen(&place.path(), &songs(OtherVersion::Refuse)).is_err(), "there is none");
    assert!(!place.path().exists());
    std::fs::write(place.path(), "").expect("an empty file");
    drop(reopen(&place.path(), &songs(OtherVersion::Refuse)).expect("it opens"));
    assert_eq!(place.number("SELECT count(*) FROM sqlite_schema"), 0);
}

#[test]
fn whoever_reads_keeps_another_from_making_sure_of_what_is_there() {
    let place = Place::of_version(4);
    let format = Format { found: WhatIsFound::IsAllThereIs, ..songs(OtherVersion::Refuse) };
    let reader = Connection::open(place.path()).expect("it opens");
    place.edit("PRAGMA journal_mode = WAL");
    reader.execute_batch("BEGIN; SELECT count(*) FROM songs").expect("it reads");
    reader.query_row("SELECT count(*) FROM songs", [], |row| row.get::<_, i64>(0)).expect("it reads");
    place.edit("INSERT INTO songs (title) VALUES ('two')");
    let refused = open(&place.path(), &format).err().expect("somebody reads");
    assert!(refused.to_string().ends_with("somebody else is reading it"), "{refused}");
    drop(reader);
    open(&place.path(), &format).expect("nobody reads");
}

#[test]
fn one_process_at_a_time_has_the_lock() {
    let place = Place::new();
    let held = lock(&place.path()).expect("nobody has it");
    let refused = lock(&place.path()).expect_err("somebody has it").to_string();
    assert!(refused.contains("it is open already"), "{refused}");
    drop(held);
    lock(&place.path()).expect("nobody has it any more");
}

static SONGS: std::sync::LazyLock<Format> = std::sync::LazyLock::new(|| songs(OtherVersion::StartAnew));

#[test]
fn a_damaged_file_is_moved_away_and_whoever_uses_it_goes_on_with_another() {
    let place = Place::new();
    std::fs::write(place.path(), [b'x'; 4_096]).expect("written");
    let (file, is_new) = File::open_or_begin_anew(&place.path(), &SONGS).expect("it opens");
    assert!(is_new);
    assert_eq!(std::fs::read(place.0.path().join("songs.db.damaged")).expect("what was there"), [b'x'; 4_096]);
    let count =
        || file.read(|connection| connection.query_row("SELECT count(*) FROM songs", [], |row| row.get::<_, i64>(0)));
    let insert = |connection: &mut Connection| connection.execute("INSERT INTO songs (title) VALUES ('one')", []);
    file.write(insert).expect("it is open").expect("written");
    assert_eq!(count().expect("a number"), 1);
    file.begin_anew("a test").expect("another one");
    assert_eq!(count().expect("a number"), 0);
    file.close();
    assert!(count().is_err() && file.write(|_| ()).is_err());
}
