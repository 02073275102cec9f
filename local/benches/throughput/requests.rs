//! The bytes that wrk sends, and what must be answered.

use crate::rows::{Action, Row};

/// A message of usual length.
pub const MESSAGE: &str = r#"{"sender":"customer","content":"Hello, my order has arrived, but one of the two lamps does not work.","timestamp":"2025-04-05T14:01:00Z"}"#;

/// Where wrk puts a number that it has not put anywhere before.
pub const NUMBER: char = '\u{1}';

/// Whether an answer, head and body, is what a row's requests should get.
pub fn is_right(row: &Row, answer: &str) -> bool {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap_or_default();
    let messages = body.matches("{\"messageId\":").count();
    match row.action {
        Action::Create => status == "201" && body.contains("\"conversationId\":\""),
        Action::Send | Action::SendOnce => status == "201" && body.contains("\"messageId\":\""),
        Action::Read => status == "200" && messages == row.messages,
        Action::ReadUnchanged => status == "304" && body.is_empty(),
        Action::ReadAfter => status == "200" && body.contains("\"messages\":[]"),
        Action::Delete => status == "200" && body.contains("deleted"),
    }
}

pub fn create() -> String {
    post("/api/conversations", "", "")
}

/// `headers` are whole lines.
pub fn send(id: &str, headers: &str) -> String {
    post(&format!("/api/conversations/{id}/messages"), headers, MESSAGE)
}

pub fn read(id: &str, query: &str, headers: &str) -> String {
    format!("GET /api/conversations/{id}{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

pub fn delete(id: &str, message: &str) -> String {
    format!("DELETE /api/conversations/{id}/messages/{message} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}
