//! Operators' tokens as text for people, and as JSON for machines.

use crate::tables;
use crate::tables::Head::Text;
use commands::{IssuedOperatorToken, OperatorStanding, OperatorToken};
use domain::Timestamp;
use serde_json::{Value, json};

/// One token, for machines; never its text.
pub fn as_json(token: &OperatorToken, now: Timestamp) -> Value {
    json!({
        "token_id": token.token_id,
        "name": token.name,
        "role": token.role.as_str(),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "state": OperatorStanding::of(token, now).as_str(),
    })
}

/// A new token with its text, this once.
pub fn issued_as_json(issued: &IssuedOperatorToken) -> Value {
    let mut all = as_json(&issued.token, issued.token.created_at);
    all["token"] = json!(issued.text);
    all
}

/// The same for people. The text stands alone in its line, so that it is copied whole.
pub fn issued_as_text(IssuedOperatorToken { text, token }: &IssuedOperatorToken) -> String {
    let facts = tables::pairs([
        ("id", token.token_id.to_string()),
        ("name", token.name.clone()),
        ("role", token.role.as_str().to_owned()),
        ("expires", token.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string())),
    ]);
    format!("{text}\n\nThe token is shown only now: keep it where nobody else reads it.\n\n{facts}")
}

pub fn list_as_json(tokens: &[OperatorToken], now: Timestamp) -> Value {
    json!({ "tokens": tokens.iter().map(|token| as_json(token, now)).collect::<Vec<_>>() })
}

/// All tokens, and what is to be done where there is none.
pub fn list_as_table(tokens: &[OperatorToken], now: Timestamp) -> String {
    if tokens.is_empty() {
        return "No operator's token was made yet; `cartlog token create --name NAME` makes one.".to_owned();
    }
    let mut table = tables::new(&[Text("token"), Text("role"), Text("created"), Text("state")]);
    // An id that is broken in two can't be copied.
    tables::keep_words(&mut table, &[36, 8, 10, 10]);
    for token in tokens {
        let named = format!("{}\n{}", token.name, token.token_id);
        table.add_row([named, token.role.as_str().to_owned(), minute(token.created_at), state(token, now)]);
    }
    format!("{table}\nTimes are in UTC.")
}

pub fn revoked_as_text(token: &OperatorToken) -> String {
    let since = token.revoked_at.map_or_else(String::new, |at| format!(" since {at}"));
    format!("The token '{}' ({}) is revoked{since}: no server takes it any more.", token.name, token.token_id)
}

fn state(token: &OperatorToken, now: Timestamp) -> String {
    let standing = OperatorStanding::of(token, now);
    match (standing, token.expires_at, token.revoked_at) {
        (OperatorStanding::Live, Some(end), _) => format!("live until {}", minute(end)),
        (OperatorStanding::Expired, Some(end), _) => format!("expired {}", minute(end)),
        (OperatorStanding::Revoked, _, Some(at)) => format!("revoked {}", minute(at)),
        (OperatorStanding::Live, None, _) => "live, for ever".to_owned(),
        (OperatorStanding::Expired, None, _) | (OperatorStanding::Revoked, _, None) => standing.as_str().to_owned(),
    }
}

/// `2026-11-23 10:00`: near enough for a list, and short enough for its lines.
fn minute(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%d %H:%M").to_string()
}
