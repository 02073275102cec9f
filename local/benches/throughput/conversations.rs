//! What the servers hold when a measurement begins: conversations that nobody has used yet.

use redis::{Client, Pipeline};
use shared::domain::conversation::ConversationId;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::event_log::read::into_json;
use shared::event_log::state::STATE_LENGTH;
use shared::event_log::{self, FRONT_LENGTH, cursor_at, line};
use testing::redis::RedisServer;

use crate::requests::{MESSAGE, NUMBER, create, delete, read, send};
use crate::rows::{Action, Row};
use crate::targets::Target;
use crate::{Outcome, pipeline};

/// As many deletions as are prepared for a measurement at most.
const MAX_DELETIONS: usize = 500_000;

/// The life of a conversation, as the router has it by default.
pub const TTL_MILLISECONDS: u64 = 1_800_000;

/// About as many bytes are written to Redis at a time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Some conversations of the same length.
pub struct Conversations {
    pub ids: Vec<String>,
    /// The messages in each.
    pub messages: Vec<MessageId>,
    /// The cursor at their end.
    pub cursor: usize,
}

impl Conversations {
    /// One request for each conversation; of deletions, which are not done twice, one for each message.
    pub fn requests(&self, row: &Row) -> Vec<String> {
        let Self { ids, messages, cursor } = self;
        let each = |request: &dyn Fn(&String) -> String| ids.iter().map(request).collect();
        match row.action {
            Action::Create => each(&|_| create()),
            Action::Send => each(&|id| send(id, "")),
            Action::SendOnce => {
                each(&|id| send(id, &format!("Idempotency-Key: message-{NUMBER}\r\n")))
            }
            Action::Read => each(&|id| read(id, "", "")),
            Action::ReadUnchanged => {
                each(&|id| read(id, "", &format!("If-None-Match: \"{cursor}\"\r\n")))
            }
            Action::ReadAfter => each(&|id| read(id, &format!("?after={cursor}"), "")),
            Action::Delete => {
                let requests = messages
                    .iter()
                    .flat_map(|message| ids.iter().map(move |id| delete(id, &message.to_string())));
                requests.take(MAX_DELETIONS).collect()
            }
        }
    }

    /// Makes those that a measurement of this many seconds begins with.
    pub fn prepare(
        row: &Row,
        seconds: u32,
        target: Target,
        redis: &RedisServer,
        url: &str,
    ) -> Outcome<Self> {
        let number = row.conversations * seconds as usize;
        let mut lines = Vec::new();
        let message = NewMessage::from_json(MESSAGE.as_bytes())?;
        let mut messages = Vec::new();
        for _ in 0..row.messages {
            let id = MessageId::next().at(cursor_at(FRONT_LENGTH + lines.len()));
            lines.extend_from_slice(&line::message(&id, &message));
            messages.push(id);
        }
        redis.expect_ok(&["FLUSHDB"]);
        let ids = match target {
            Target::Memory => over_http(url, number, row.messages)?,
            Target::Router | Target::Floor | Target::Naive => {
                in_redis(&redis.url(), number, |id| entry(target, id, &lines))?
            }
        };
        Ok(Self { ids, messages, cursor: lines.len() })
    }
}

/// A conversation's key and value.
fn entry(target: Target, id: &ConversationId, lines: &[u8]) -> (String, Vec<u8>) {
    let mut conversation = [&event_log::new(id), lines].concat();
    match target {
        Target::Naive => {
            (format!("conversation:{id}"), into_json(conversation.split_off(STATE_LENGTH)))
        }
        _ => (format!("chat:2:{{{id}}}:log"), conversation),
    }
}

fn in_redis(
    url: &str,
    number: usize,
    entry: impl Fn(&ConversationId) -> (String, Vec<u8>),
) -> Outcome<Vec<String>> {
    let mut redis = Client::open(url)?.get_connection()?;
    let mut batch = Pipeline::new();
    let mut bytes = 0;
    let mut ids = Vec::new();
    while ids.len() < number {
        let id = ConversationId::random();
        let (key, value) = entry(&id);
        bytes += value.len();
        batch.cmd("SET").arg(key).arg(value).arg("PX").arg(TTL_MILLISECONDS).ignore();
        ids.push(id.to_string());
        if bytes > BATCH_BYTES || ids.len() == number {
            batch.exec(&mut redis)?;
            batch.clear();
            bytes = 0;
        }
    }
    Ok(ids)
}

fn over_http(url: &str, number: usize, messages: usize) -> Outcome<Vec<String>> {
    let mut ids = Vec::new();
    pipeline::run(url, (0..number).map(|_| create()), |answers| {
        let bodies = answers.split("{\"conversationId\":\"").skip(1);
        ids.extend(bodies.filter_map(|body| body.split('"').next()).map(str::to_owned));
    })?;
    let sends = ids.iter().flat_map(|id| (0..messages).map(move |_| send(id, "")));
    pipeline::run(url, sends, |_| {})?;
    Ok(ids)
}
