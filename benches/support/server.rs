//! The real server, started in a directory of its own, and the shop that the load goes to.

use super::client::Connection;
use domain::StoreId;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What cargo built beside the bench.
pub const BINARY: &str = env!("CARGO_BIN_EXE_cartlog");

/// A running server. Dropping it ends it.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// On the directory's files, whatever the environment names.
    pub fn start(binary: &Path, data: &Path, flags: &[&str]) -> Self {
        Self::run(serve(binary, data).args(flags).env_clear())
    }

    /// On what the environment names.
    #[cfg(feature = "engines")]
    pub fn start_on_engines(binary: &Path, data: &Path, flags: &[&str]) -> Self {
        Self::run(serve(binary, data).args(flags))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let address = listening(&mut child);
        Self { child, address }
    }

    /// Waits until it answers queries.
    pub async fn ready(&self) {
        let mut connection = Connection::open(&self.address, String::new()).await.expect("the server accepts");
        while connection.send("GET", "/readyz", None).await.expect("an answer").status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until it has looked at what was written beside it: it shares the machine.
    pub async fn settled(&self) {
        loop {
            let before = self.cpu();
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.cpu() - before < Duration::from_millis(50) {
                return;
            }
        }
    }

    /// The processor's time that it has used. Noise from beside hardly shows in it.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // Behind the name, which may hold anything: the 14th and 15th field of all, in ticks of 10 ms.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--rate-limit",
            "0",
            "--anonymous-rate-limit",
            "0",
            "--log",
            "warn",
            "--data",
        ])
        .arg(data);
    command
}

/// Where a server says that it listens.
pub fn listening(server: &mut Child) -> String {
    let lines = BufReader::new(server.stdout.take().expect("its output is piped")).lines();
    lines
        .map_while(Result::ok)
        .find_map(|line| line.split("listening on http://").nth(1).map(|rest| rest.trim().to_owned()))
        .expect("the server says where it listens")
}

/// Opens a store; gives the headers that its requests need.
pub async fn open_store(address: &str) -> (StoreId, String) {
    open_store_as(address, "bench").await
}

async fn open_store_as(address: &str, app_id: &str) -> (StoreId, String) {
    let mut connection = Connection::open(address, String::new()).await.expect("the server accepts");
    let store = format!(r#"{{"name":"Bench","app_id":"{app_id}","app_secret":"bench-secret"}}"#);
    let opened = must(&mut connection, "POST", "/store", Some(&store)).await;
    let id = opened.text("store_id").and_then(|id| id.parse().ok()).expect("the store's id");
    let login = format!(r#"{{"app_id":"{app_id}","app_secret":"bench-secret"}}"#);
    let token = must(&mut connection, "POST", "/store/token", Some(&login)).await;
    let token = token.text("token").expect("a token");
    (id, format!("APP-ID: {app_id}\r\nACCESS-TOKEN: {token}\r\n"))
}

/// A store with products and confirmed customers.
pub struct Shop {
    pub headers: String,
    pub products: Vec<String>,
    pub customers: Vec<String>,
}

impl Shop {
    pub async fn open(address: &str, products: usize, customers: usize) -> Self {
        Self::open_as(address, "bench", products, customers).await
    }

    /// Another store beside it.
    pub async fn open_as(address: &str, app_id: &str, products: usize, customers: usize) -> Self {
        let (_, headers) = open_store_as(address, app_id).await;
        let products = make(address, &headers, products, "product_id", |number| {
            let body = format!(
                r#"{{"title":"Product {number}","product_type":"thing","vendor":"Bench","inventory":1000000000,"sale_price_in_cents":1999}}"#
            );
            ("/product".to_owned(), body)
        })
        .await;
        let customers = make(address, &headers, customers, "customer_id", |number| {
            let body = format!(
                r#"{{"currency":"EUR","email":"c{number}@example.com","first_name":"C","last_name":"{number}","password":"secret"}}"#
            );
            ("/customer".to_owned(), body)
        })
        .await;
        confirm(address, &headers, &customers).await;
        Self { headers, products, customers }
    }
}

/// Makes `count` things over 16 connections, and gives their ids.
async fn make(
    address: &str,
    headers: &str,
    count: usize,
    id: &'static str,
    request: fn(usize) -> (String, String),
) -> Vec<String> {
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..16 {
        let (address, headers) = (address.to_owned(), headers.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&address, headers).await.expect("the server accepts");
            let mut made = Vec::new();
            for number in (lane..count).step_by(16) {
                let (target, body) = request(number);
                let answer = must(&mut connection, "POST", &target, Some(&body)).await;
                made.push((number, answer.text(id).expect("an id")));
            }
            made
        });
    }
    let mut made: Vec<(usize, String)> = tasks.join_all().await.into_iter().flatten().collect();
    made.sort();
    made.into_iter().map(|(_, id)| id).collect()
}

async fn confirm(address: &str, headers: &str, customers: &[String]) {
    let mut tasks = tokio::task::JoinSet::new();
    for lane in customers.chunks(customers.len().div_ceil(16).max(1)) {
        let (address, headers, lane) = (address.to_owned(), headers.to_owned(), lane.to_vec());
        tasks.spawn(async move {
            let mut connection = Connection::open(&address, headers).await.expect("the server accepts");
            for customer in lane {
                let mailed =
                    must(&mut connection, "PUT", &format!("/customer/{customer}/send_confirmation"), None).await;
                let token = mailed.text("result").expect("the token of the link");
                must(&mut connection, "PUT", &format!("/customer/confirm/{token}"), None).await;
            }
        });
    }
    tasks.join_all().await;
}

async fn must(connection: &mut Connection, method: &str, target: &str, body: Option<&str>) -> super::client::Answer {
    let answer = connection.send(method, target, body).await.expect("an answer");
    assert!(answer.status < 300, "{method} {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    answer
}
