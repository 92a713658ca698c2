//! A page of another origin in a real browser, where one is installed.

use crate::support::{Server, TestShop};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// No working browser takes so long; one that hangs fails the test instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the page does; at the end it tells its own server what came of it.
const PAGE: &str = r#"<!doctype html><title>shop</title><script>
const api = "API", headers = { "APP-ID": "APP", "ACCESS-TOKEN": "TOKEN" };
const json = { ...headers, "Content-Type": "application/json", "Idempotency-Key": "from a browser", "X-Request-Id": "browser-1" };
const product = { title: "Darjeeling", product_type: "tea", vendor: "Hill Farm", inventory: 3 };
async function shop() {
  const made = await fetch(api + "/product", { method: "POST", headers: json, body: JSON.stringify(product) });
  const path = made.headers.get("Location"), tag = made.headers.get("ETag");
  const changed = await fetch(api + path, { method: "PUT", headers: { ...json, "Idempotency-Key": "2", "If-Match": tag }, body: '{"title":"Assam"}' });
  const read = await fetch(api + path, { headers: { ...headers, "Cartlog-Min-Position": changed.headers.get("Cartlog-Position") } });
  const gone = await fetch(api + path, { method: "DELETE", headers });
  const refused = await fetch(api + "/store", { headers: { ...headers, "ACCESS-TOKEN": "nonsense" } });
  const document = await (await fetch(api + "/openapi.json")).json();
  return [made.status, changed.status, (await read.json()).product.title, gone.status, refused.status,
    (await refused.json()).error, made.headers.get("X-Request-Id"), document.openapi.slice(0, 3)].join(" ");
}
shop().catch(error => "failed: " + error).then(told => fetch("/told", { method: "POST", body: told }));
</script>"#;

/// A browser of this machine.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    found.into_iter().find(|program| program.is_file())
}

struct Open(Child);

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn open(program: &Path, profile: &Path, url: &str) -> Open {
    let mut command = Command::new(program);
    command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
    command.arg(format!("--user-data-dir={}", profile.display())).arg(url);
    Open(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the browser starts"))
}

/// Serves the page until it has told.
async fn told(listener: TcpListener, page: String) -> String {
    loop {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
        let head = loop {
            if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
                break String::from_utf8_lossy(&request[..end]).to_lowercase();
            }
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break String::new(),
                Ok(read) => request.extend_from_slice(&piece[..read]),
            }
        };
        let length: Option<usize> =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|length| length.parse().ok());
        if let (true, Some(length)) = (head.starts_with("post /told"), length) {
            let body = head.len() + 4;
            while request.len() < body + length {
                let read = stream.read(&mut piece).await.expect("the rest of it");
                request.extend_from_slice(&piece[..read]);
            }
            return String::from_utf8_lossy(&request[body..]).into_owned();
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

async fn visit(program: &Path, shop: &TestShop, listener: TcpListener) -> String {
    let page = PAGE.replace("API", &shop.url).replace("APP\"", &format!("{}\"", shop.app_id));
    let page = page.replace("TOKEN\" }", &format!("{}\" }}", shop.token().await));
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let profile = tempfile::tempdir().expect("a directory");
    let _open = open(program, profile.path(), &url);
    tokio::time::timeout(PATIENCE, told(listener, page)).await.expect("the page tells")
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_can_shop_and_no_other() {
    let Some(program) = browser() else {
        println!("no browser is installed: what one makes of CORS is not tested");
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let server = Server::start_with(&["--cors-origins", &origin]);
    let shop = TestShop::on(&server).await;
    let told = visit(&program, &shop, listener).await;
    assert_eq!(told, "201 200 Assam 204 401 UNAUTHORIZED browser-1 3.1");
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let told = visit(&program, &shop, other).await;
    assert!(told.starts_with("failed: TypeError"), "{told}");
}
