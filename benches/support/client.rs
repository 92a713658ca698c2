//! A keep-alive HTTP/1.1 connection that costs the machine as little as possible: the server shares its cores.

use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection; one request at a time.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    headers: String,
}

/// An answer. The body is copied only when asked for.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Connection {
    /// `headers`: whole lines, sent with every request.
    pub async fn open(address: &str, headers: String) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), headers })
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&mut self, method: &str, target: &str, body: Option<&str>) -> io::Result<Answer> {
        self.send_with("", method, target, body).await
    }

    /// As [`Self::send`], with more lines of headers.
    pub async fn send_with(
        &mut self,
        more: &str,
        method: &str,
        target: &str,
        body: Option<&str>,
    ) -> io::Result<Answer> {
        let head = match body {
            Some(body) => format!(
                "{method} {target} HTTP/1.1\r\nHost: cartlog\r\n{}{more}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                self.headers,
                body.len()
            ),
            None => format!(
                "{method} {target} HTTP/1.1\r\nHost: cartlog\r\n{}{more}Content-Length: 0\r\n\r\n",
                self.headers
            ),
        };
        self.stream.write_all(head.as_bytes()).await?;
        self.read().await
    }

    /// A header of the last answer.
    #[cfg_attr(not(feature = "engines"), allow(dead_code, reason = "only there it is asked for"))]
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.buffer);
        let mut lines = text.split("\r\n").take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    async fn read(&mut self) -> io::Result<Answer> {
        self.buffer.clear();
        let (status, body_at, length) = loop {
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
            self.fill().await?;
        };
        while self.buffer.len() < body_at + length {
            self.fill().await?;
        }
        Ok(Answer { status, body: self.buffer[body_at..body_at + length].to_vec() })
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            _ => Ok(()),
        }
    }
}

/// Status, where the body begins, and its length; `None` while the head is not whole.
fn head(buffer: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an answer this client understands");
    let text = std::str::from_utf8(&buffer[..end]).map_err(|_| bad())?;
    let mut lines = text.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).ok_or_else(bad)?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse())
        .map_err(|_| bad())?;
    Ok(Some((status, end + 4, length)))
}

impl Answer {
    /// The first string under this key, wherever it stands.
    pub fn text(&self, key: &str) -> Option<String> {
        let value: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        find(&value, key)
    }
}

impl Answer {
    /// Where the link of this relation leads to.
    pub fn link(&self, relation: &str) -> Option<String> {
        let value: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let links = value["links"].as_array()?;
        let link = links.iter().find(|link| link["rel"] == relation)?;
        link["href"].as_str().map(str::to_owned)
    }
}

fn find(value: &serde_json::Value, key: &str) -> Option<String> {
    match value {
        serde_json::Value::Object(fields) => fields
            .get(key)
            .and_then(|found| found.as_str().map(str::to_owned))
            .or_else(|| fields.values().find_map(|inner| find(inner, key))),
        serde_json::Value::Array(items) => items.iter().find_map(|inner| find(inner, key)),
        _ => None,
    }
}
