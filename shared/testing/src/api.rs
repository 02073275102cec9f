//! A client of the service.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::token;

/// A timestamp that is valid, where a test does not care which.
pub const TIMESTAMP: &str = "2025-04-05T14:01:00Z";

/// A service at some address.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

/// What the service answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Api {
    /// The service at a URL like `http://127.0.0.1:3000`.
    pub fn at(url: &str) -> Self {
        let client = Client::builder()
            // So that a service that hangs fails the test and not the day.
            .timeout(Duration::from_secs(60))
            // Shorter than the router's, which else may close a connection on which a request is
            // just being sent.
            .pool_idle_timeout(Duration::from_secs(5))
            .build();
        Self { client: client.expect("a client"), url: url.to_owned(), token: None }
    }

    /// The same service, asked with a token.
    pub fn with_token(&self, token: String) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// Whether it is asked with a token.
    pub fn uses_tokens(&self) -> bool {
        self.token.is_some()
    }

    /// The same service, asked by a conversation's customer; just the same where tokens are off.
    pub fn as_customer_of(&self, conversation: &str) -> Self {
        match self.token {
            Some(_) => self.with_token(token::customer(conversation)),
            None => self.clone(),
        }
    }

    /// Begins a request to a path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Creates a conversation and returns its path.
    pub async fn create(&self) -> String {
        let answer = answer(self.request(Method::POST, "/api/conversations")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.header("location").to_owned()
    }

    /// Sends a body to a conversation.
    pub async fn post(&self, conversation: &str, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.messages(conversation).body(body)).await
    }

    /// Sends a message as the agent and returns its id.
    pub async fn send(&self, conversation: &str, content: &str) -> String {
        let answer = self.post(conversation, message(content)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.text("messageId")
    }

    /// Sends a message under an idempotency key.
    pub async fn send_once(&self, conversation: &str, content: &str, key: &str) -> Answer {
        let request = self.messages(conversation).header("Idempotency-Key", key);
        answer(request.body(message(content))).await
    }

    /// Creates a conversation with a body, and with a key unless that is empty.
    pub async fn create_with(&self, body: impl ToString, key: &str) -> Answer {
        let mut request = self.request(Method::POST, "/api/conversations").body(body.to_string());
        if !key.is_empty() {
            request = request.header("Idempotency-Key", key);
        }
        answer(request).await
    }

    /// Tells a conversation of an event.
    pub async fn event(&self, conversation: &str, event: Value) -> Answer {
        let request = self.request(Method::POST, &format!("{conversation}/events"));
        answer(request.body(event.to_string())).await
    }

    /// Tells a conversation of an event, which must be accepted.
    pub async fn accepted(&self, conversation: &str, event: Value) {
        let answer = self.event(conversation, event).await;
        assert_eq!(
            (answer.status, answer.text("message").as_str()),
            (StatusCode::OK, "Event accepted")
        );
    }

    /// Sends a message as the agent if the conversation is at a version.
    pub async fn send_if(&self, conversation: &str, content: &str, version: &str) -> Answer {
        let request = self.messages(conversation).header("If-Match", version);
        answer(request.body(message(content))).await
    }

    /// Deletes a conversation.
    pub async fn delete_conversation(&self, conversation: &str) -> Answer {
        answer(self.request(Method::DELETE, conversation)).await
    }

    /// The changes of a conversation since a cursor.
    pub async fn changes(&self, conversation: &str, after: &str) -> Value {
        let answer = self.get(&format!("{conversation}?after={after}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    /// Reads a path.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// The contents of a conversation's messages, in order.
    pub async fn contents(&self, conversation: &str) -> Vec<String> {
        let answer = self.get(conversation).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let body = answer.json();
        let messages = body["messages"].as_array().expect("messages");
        let content = |message: &Value| message["content"].as_str().expect("content").to_owned();
        messages.iter().map(content).collect()
    }

    /// Deletes a message.
    pub async fn delete(&self, conversation: &str, message: &str) -> Answer {
        answer(self.request(Method::DELETE, &format!("{conversation}/messages/{message}"))).await
    }

    fn messages(&self, conversation: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("{conversation}/messages"))
    }
}

/// The body of a message from the agent.
pub fn message(content: &str) -> String {
    json!({"sender": "agent", "content": content, "timestamp": TIMESTAMP}).to_string()
}

/// Sends a request and reads the whole answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.expect("a body of UTF-8"),
    }
}

impl Answer {
    /// The body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A text in the body's object.
    pub fn text(&self, field: &str) -> String {
        self.json()[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field}: {}", self.body))
            .to_owned()
    }

    /// A header that must be there.
    pub fn header(&self, name: &'static str) -> &str {
        let value = self.headers.get(HeaderName::from_static(name));
        let value = value.unwrap_or_else(|| panic!("no header {name}: {self:?}"));
        value.to_str().expect("visible ASCII")
    }

    /// Holds the answer to be an error as the contract says errors look.
    pub fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.text("code").as_str()),
            (status, code),
            "{}",
            self.body
        );
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.json().as_object().map(|body| body.len()), Some(2), "{}", self.body);
        assert!(self.text("error").len() > 10, "{}", self.body);
    }
}
