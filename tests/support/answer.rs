//! An answer of the server.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body; the body is null where there is none, and a string where it isn't JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request, for messages.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn read(asked: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the body arrives");
        let body = match text.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        };
        Self { asked, status, headers, body }
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {:#}", self.asked, self.body);
        self
    }

    /// The answer, if it is this problem.
    #[track_caller]
    pub fn problem(self, status: u16, error: &str) -> Self {
        let found = (self.status, self.body["error"].as_str());
        assert_eq!(found, (status, Some(error)), "{}: {:#}", self.asked, self.body);
        self
    }

    /// The answer, if it refuses the request because of these fields, by their JSON pointers.
    #[track_caller]
    pub fn refuses(self, pointers: &[&str]) -> Self {
        let answer = self.problem(400, "VALIDATION_FAILED");
        assert_eq!(answer.pointers(), pointers, "{}: {:#}", answer.asked, answer.body);
        answer
    }

    /// The bad fields that a problem names, each once whatever is wrong with it.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        let mut pointers: Vec<_> = errors.filter_map(|error| error["pointer"].as_str()).collect();
        pointers.dedup();
        pointers
    }

    /// What `/readyz` says of the part.
    #[track_caller]
    pub fn part(&self, name: &str) -> &Value {
        let parts = self.body["parts"].as_array().into_iter().flatten();
        let named = parts.into_iter().find(|part| part["name"] == name);
        named.unwrap_or_else(|| panic!("{}: no part {name}: {:#}", self.asked, self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that must be there.
    #[track_caller]
    pub fn must_have(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("{}: no header {name}: {:?}", self.asked, self.headers))
    }

    /// Whether the answer is what the same `Idempotency-Key` got before.
    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The log position that a command reached.
    #[track_caller]
    pub fn position(&self) -> u64 {
        self.must_have("cartlog-position").parse().expect("a position is a number")
    }

    /// The revision within the `ETag`.
    #[track_caller]
    pub fn revision(&self) -> u64 {
        let tag = self.must_have("etag").trim_matches('"');
        let revision = tag.split_once('.').and_then(|(revision, _)| revision.parse().ok());
        revision.unwrap_or_else(|| panic!("{}: ETag {tag}", self.asked))
    }

    /// A part of the body by its JSON pointer.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        let found = self.body.pointer(pointer);
        found.unwrap_or_else(|| panic!("{}: nothing at {pointer}: {:#}", self.asked, self.body))
    }

    /// A string of the body by its JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let found = self.at(pointer).as_str();
        found.unwrap_or_else(|| panic!("{}: no text at {pointer}: {:#}", self.asked, self.body)).to_owned()
    }

    /// A number of the body by its JSON pointer.
    #[track_caller]
    pub fn number(&self, pointer: &str) -> i64 {
        let found = self.at(pointer).as_i64();
        found.unwrap_or_else(|| panic!("{}: no number at {pointer}: {:#}", self.asked, self.body))
    }

    /// The same field of each item of a list of the body, by its JSON pointer.
    #[track_caller]
    pub fn each(&self, pointer: &str, field: &str) -> Vec<Value> {
        let items = self.at(pointer).as_array();
        let items = items.unwrap_or_else(|| panic!("{}: no list at {pointer}: {:#}", self.asked, self.body));
        items.iter().map(|item| item[field].clone()).collect()
    }

    /// The href of the body's link of that relation.
    pub fn link(&self, rel: &str) -> Option<String> {
        let mut links = self.body["links"].as_array().into_iter().flatten();
        links.find(|link| link["rel"] == rel).and_then(|link| link["href"].as_str()).map(str::to_owned)
    }
}

impl std::ops::Index<&str> for Answer {
    type Output = Value;
    fn index(&self, field: &str) -> &Value {
        &self.body[field]
    }
}
