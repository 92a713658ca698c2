//! The tables of this crate's own: who leads, and which formats were announced.

use crate::migrations::Migrations;

const LEADERS: &str = "CREATE TABLE leaders (
                  role text PRIMARY KEY, epoch bigint NOT NULL, node text NOT NULL, since timestamptz NOT NULL
              )";
/// The table with which every database begins.
pub(crate) const FIRST: Migrations = Migrations { part: "leaders", steps: &[LEADERS] };
/// With the one that comes with the first announcement. Versions that know of no formats refuse to open a database that has it.
pub(crate) const ALL: Migrations = Migrations {
    part: "leaders",
    steps: &[
        LEADERS,
        "CREATE TABLE formats (format integer PRIMARY KEY, announced_at timestamptz NOT NULL DEFAULT now())",
    ],
};
