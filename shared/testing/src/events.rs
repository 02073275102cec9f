//! A client of event streams, as a browser's `EventSource` is one.

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::api::Api;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub event: String,
    pub data: Value,
}

/// Reads a conversation's events, and reconnects by itself where the stream ends.
pub struct EventSource {
    api: Api,
    path: String,
    last_event_id: Option<String>,
    stream: Option<Response>,
    received: Vec<u8>,
}

impl EventSource {
    /// A source that has not connected yet; the path may carry a query.
    pub fn new(api: &Api, path: &str) -> Self {
        Self {
            api: api.clone(),
            path: path.to_owned(),
            last_event_id: None,
            stream: None,
            received: Vec::new(),
        }
    }

    /// A source that has read up to a cursor.
    pub fn after(api: &Api, path: &str, last_event_id: &str) -> Self {
        Self { last_event_id: Some(last_event_id.to_owned()), ..Self::new(api, path) }
    }

    /// Connects, and holds the answer to be a stream, whether the store can be reached or not.
    pub async fn connect(&mut self) {
        let connected = self.try_connect().await;
        connected.unwrap_or_else(|status| panic!("{status} in place of a stream"));
    }

    /// Connects, or returns the status with which the connection was refused.
    async fn try_connect(&mut self) -> Result<(), u16> {
        let response = self.ask().await;
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        let kind = response.headers().get("content-type");
        assert_eq!(kind, Some(&HeaderValue::from_static("text/event-stream")));
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        self.received.clear();
        self.stream = Some(response);
        Ok(())
    }

    /// The next event, or the status with which a connection was refused.
    pub async fn next_or_status(&mut self) -> Result<Event, u16> {
        loop {
            if self.stream.is_none() {
                self.try_connect().await?;
            }
            if let Some(event) = self.next_of_connection().await {
                return Ok(event);
            }
        }
    }

    async fn ask(&self) -> Response {
        let mut request = self.api.request(Method::GET, &self.path);
        request = request.header(ACCEPT, "text/event-stream");
        if let Some(id) = &self.last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        request.send().await.expect("an answer")
    }

    /// Breaks the connection; the next event is asked for from the last one on.
    pub fn drop_connection(&mut self) {
        self.stream = None;
    }

    /// The next event, of whichever connection.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.next_of_connection().await {
                return event;
            }
        }
    }

    /// The next event of this connection, or `None` where it has ended.
    pub async fn next_of_connection(&mut self) -> Option<Event> {
        if self.stream.is_none() {
            self.connect().await;
        }
        loop {
            while let Some(end) = self.received.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.received.drain(..end + 2).collect();
                let event = parse(std::str::from_utf8(&block).expect("UTF-8"));
                // A browser goes on from an id that comes alone as well.
                if !event.id.is_empty() {
                    self.last_event_id = Some(event.id.clone());
                }
                if !event.event.is_empty() {
                    return Some(event);
                }
            }
            let stream = self.stream.as_mut().expect("a connection");
            match stream.chunk().await {
                Ok(Some(chunk)) => self.received.extend_from_slice(&chunk),
                Ok(None) | Err(_) => {
                    assert!(self.received.is_empty(), "half an event: {:?}", self.received);
                    self.stream = None;
                    return None;
                }
            }
        }
    }

    /// The next event that tells of something other than the expiry.
    pub async fn next_happening(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if event.event != "expires" {
                return event;
            }
        }
    }
}

/// A block of lines; without a name it is no event.
fn parse(block: &str) -> Event {
    let mut event = Event { id: String::new(), event: String::new(), data: Value::Null };
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("id", id)) => event.id = id.to_owned(),
            Some(("event", name)) => event.event = name.to_owned(),
            Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
            Some(("retry", milliseconds)) => assert!(milliseconds.parse::<u32>().is_ok()),
            _ => assert!(line.is_empty() || line.starts_with(':'), "{line}"),
        }
    }
    event
}
