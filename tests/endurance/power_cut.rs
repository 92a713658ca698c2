//! The power of the whole machine is cut: of what the server had not synced, nothing, all or any part is left of each of its files:
//! log, vault, views, windows, snapshots. Whatever moment it is, a server starts on what is left, and knows all that was answered.
//!
//! (Killing the process proves nothing of it: the operating system would still write what was never synced.)

use super::books::Books;
use super::client::{Asked, Client, PASSWORD};
use super::everything::{Known, everything};
use super::knobs::{self, Repeatable};
use super::load::{self, Answered, Shopper, Stage};
use super::operator;
use crate::support::{Server, on_files};
use eventlog::testing::Chance;
use eventlog::testing::disk::{Disk, Left, Operation, compile_shim, read_journal_with_ends};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

const SHOPPERS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_takes_nothing_that_was_answered() {
    for seed in knobs::seeds(1) {
        let _repeatable = Repeatable::new("power_cut", seed);
        let record = Record::of_two_lives(knobs::count("CARTLOG_TEST_ANSWERS", 90), seed).await;
        for (nth, cut) in record.cuts(knobs::count("CARTLOG_TEST_CUTS", 8), seed).into_iter().enumerate() {
            println!("{cut:?} of {} operations", record.operations.len());
            match cut.at < record.opened_at() {
                // Whatever was begun, it can be begun again.
                true => drop(Server::on_files(record.left(&cut).path(), &[])),
                false => record.look_after(&cut, nth % 3 == 0).await,
            }
        }
    }
}

/// A sync fails, so that nothing was done; but the key that was made for it stands in the vault's file, and the process dies. The
/// next one must not build on that key before it is on the disk: coupon codes, for one, are claimed under it.
#[tokio::test]
async fn what_a_failed_sync_left_in_the_vault_is_not_built_on() {
    let watched = Watched::new();
    let server = watched.serve();
    let client = Client::open(&server.url, json!({})).await;
    let coupon = Asked::once("POST", "/coupon_code", json!({ "code": "ONCE", "amount": 100 }));
    watched.let_syncs_fail();
    let refused = client.ask(&coupon).await.unwrap_or_else(|_| panic!("the server answers"));
    assert_eq!(refused.status, 503, "{:#}", refused.body);
    drop(server);
    watched.let_syncs_be();
    let server = watched.serve();
    client.moved_to(&server.url).insist(&coupon).await.expect(201);
    drop(server);

    let operations = read_journal_with_ends(&watched.journal());
    let data = operator::directory();
    restore(&operations, Left::Nothing, &watched.data(), data.path());
    let server = Server::on_files(data.path(), &[]);
    client.moved_to(&server.url).insist(&coupon).await.problem(409, "COUPON_ALREADY_EXISTS");
}

/// What a server did to its disk, and what it had answered by then.
struct Record {
    operations: Vec<(u64, Operation)>,
    /// Each with the length that the shim's journal had when the answer was there.
    answered: Vec<(u64, Answered)>,
    /// The same of the moment when the shop was open.
    opened: u64,
    watched: PathBuf,
    stage: Arc<Stage>,
    client: Client,
    customers: Vec<String>,
}

/// A moment at which the power is cut.
#[derive(Debug)]
struct Cut {
    /// The number of operations that came before.
    at: usize,
    left: Left,
}

/// A directory whose files a shim watches.
struct Watched {
    directory: TempDir,
    shim: PathBuf,
}

impl Watched {
    fn new() -> Self {
        let directory = operator::directory();
        let shim = compile_shim(directory.path());
        Self { directory, shim }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn journal(&self) -> PathBuf {
        self.directory.path().join("journal")
    }

    /// While this file is there, syncs fail.
    fn trouble(&self) -> PathBuf {
        self.directory.path().join("trouble")
    }

    fn let_syncs_fail(&self) {
        std::fs::write(self.trouble(), "s").expect("a file can be written");
    }

    fn let_syncs_be(&self) {
        std::fs::remove_file(self.trouble()).expect("the file is there");
    }

    fn length(&self) -> u64 {
        std::fs::metadata(self.journal()).map_or(0, |journal| journal.len())
    }

    fn serve(&self) -> WatchedServer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartlog"));
        let mut child = on_files(&mut command)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--rate-limit", "0", "--data"])
            .arg(self.data())
            .env("LD_PRELOAD", &self.shim)
            .env("SHIM_DIRECTORY", self.data())
            .env("SHIM_JOURNAL", self.journal())
            .env("SHIM_TROUBLE", self.trouble())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let line = lines.next().expect("it says where it listens").expect("text");
        let url = line.strip_prefix("listening on ").expect("it says where it listens").trim().to_owned();
        WatchedServer { child, url }
    }
}

/// A server whose files a shim watches. Dropping it kills it.
struct WatchedServer {
    child: Child,
    url: String,
}

impl WatchedServer {
    /// As an operator ends it.
    fn end(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|sent| sent.success()), "the server was gone");
        assert!(self.child.wait().expect("it can be waited for").success());
    }
}

impl Drop for WatchedServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Record {
    /// Shoppers shop on a server, which ends as it should, and on another one, which is killed.
    async fn of_two_lives(answers: usize, seed: u64) -> Self {
        let watched = Watched::new();
        let server = watched.serve();
        let client = Client::open(&server.url, json!({ "tax_rate_in_basis_points": 700 })).await;
        let (stage, shoppers) = load::set_stage(&client, SHOPPERS, seed).await;
        let opened = watched.length();
        let mut answered = Vec::new();
        let shoppers = shop_and_note(&watched, shoppers, answers / 2, &mut answered).await;
        server.end();
        let server = watched.serve();
        let mut shoppers = shoppers;
        shoppers.iter_mut().for_each(|shopper| shopper.move_to(&server.url));
        let shoppers = shop_and_note(&watched, shoppers, answers.div_ceil(2), &mut answered).await;
        drop(server);
        Self {
            operations: read_journal_with_ends(&watched.journal()),
            answered,
            opened,
            watched: watched.data(),
            stage,
            client: shoppers[0].client().clone(),
            customers: shoppers.iter().flat_map(Shopper::customers).map(str::to_owned).collect(),
        }
    }

    /// The number of operations before the shop was open.
    fn opened_at(&self) -> usize {
        self.operations.partition_point(|(end, _)| *end <= self.opened)
    }

    /// One in four while the shop is being opened, the others evenly after that; with each kind of what is left.
    fn cuts(&self, count: usize, seed: u64) -> Vec<Cut> {
        let (mut chance, opened, end) = (Chance(seed), self.opened_at(), self.operations.len());
        let mut cut = |nth: usize| Cut {
            at: match nth % 4 {
                0 => 1 + chance.below(opened - 1),
                _ => opened + (end - opened) * nth / count + chance.below(((end - opened) / count).max(1)),
            },
            left: match chance.below(3) {
                0 => Left::Nothing,
                1 => Left::Torn { seed: chance.below(usize::MAX) as u64 },
                _ => Left::Everything,
            },
        };
        (0..count).map(&mut cut).collect()
    }

    /// What the cut left.
    fn left(&self, cut: &Cut) -> TempDir {
        let data = operator::directory();
        restore(&self.operations[..cut.at], cut.left, &self.watched, data.path());
        data
    }

    /// Starts a server on what the cut left.
    async fn look_after(&self, cut: &Cut, and_rebuild: bool) {
        let data = self.left(cut);
        let head = operator::head_of_files(data.path());
        let server = Server::on_files(data.path(), &[]);
        let client = self.client.moved_to(&server.url);
        // The token is in the vault, and its event in the log.
        client.get("/store").await.expect(200);
        for (_, answered) in self.answered.iter().filter(|(noted, _)| *noted <= self.operations[cut.at - 1].0) {
            load::assert_repeated(&client, answered).await;
        }
        self.log_in(&client).await;
        operator::wait_for_recovery(data.path(), head);
        let books = Books::read(&client).await;
        books.check();
        books.check_stocked(&self.stage.stocked);
        if and_rebuild {
            let known = Known::read(&client, &[]).await;
            let before = everything(&client, &known).await;
            operator::rebuild(data.path());
            before.assert_same(&everything(&client, &known).await);
        }
    }

    /// Passwords are in the vault, too.
    async fn log_in(&self, client: &Client) {
        for customer in self.customers.iter().step_by(2) {
            let email = client.get(&format!("/customer/{customer}")).await.expect(200).text("/customer/email");
            client.put("/customer/login", json!({ "email": email, "password": PASSWORD })).await.expect(200);
        }
    }
}

/// Writes the files that a cut leaves to where a server is to start. Memory that was mapped does not outlive the machine.
fn restore(operations: &[(u64, Operation)], left: Left, from: &Path, to: &Path) {
    let mut disk = Disk::new(false);
    operations.iter().for_each(|(_, operation)| disk.apply(operation));
    let files = disk.cut(left);
    for (path, content) in files.iter().filter(|(path, _)| !path.ends_with("-shm")) {
        let file = to.join(Path::new(path).strip_prefix(from).expect("it is below the directory"));
        file.parent().map(std::fs::create_dir_all).transpose().expect("a directory can be made");
        std::fs::write(file, content).expect("a file can be written");
    }
}

/// Lets all shop at once until so many more answers have come, and notes each with what the disk had been told by then.
async fn shop_and_note(
    watched: &Watched,
    shoppers: Vec<Shopper>,
    enough: usize,
    answered: &mut Vec<(u64, Answered)>,
) -> Vec<Shopper> {
    let (answers, noted) = (watch::Sender::new(0), Arc::new(parking_lot::Mutex::new(Vec::new())));
    let mut shopping = JoinSet::new();
    for mut shopper in shoppers {
        let (answers, noted, journal) = (answers.clone(), Arc::clone(&noted), watched.journal());
        shopping.spawn(async move {
            let length = || std::fs::metadata(&journal).map_or(0, |journal| journal.len());
            shopper.shop(&answers, enough, |answered| noted.lock().push((length(), answered.clone()))).await;
            shopper
        });
    }
    let shoppers = shopping.join_all().await;
    answered.append(&mut noted.lock());
    shoppers
}
