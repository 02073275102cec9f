//! What it takes to write a log's lines, and to read a log of 10, 100 and 1,000 messages.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message::NewMessage;
use shared::domain::message_id::MessageId;
use shared::domain::sender::Sender;
use shared::event_log::read::{events, into_json, lines_after_cursor};
use shared::event_log::state::STATE_LENGTH;
use shared::event_log::{self, FRONT_LENGTH, cursor_at, line};

const SIZES: [usize; 3] = [10, 100, 1_000];

fn message(content: &str) -> NewMessage {
    let timestamp = "2025-04-05T14:01:00Z".to_owned();
    NewMessage::new(Sender::Agent, content.to_owned(), timestamp).unwrap()
}

/// A log of some messages, and their ids.
fn written(messages: usize) -> (Vec<u8>, Vec<MessageId>) {
    let message = message("Hello, how can I help?");
    let mut ids = Vec::new();
    let mut log = event_log::new(&ConversationId::random());
    for _ in 0..messages {
        let id = MessageId::next().at(cursor_at(log.len()));
        log.extend(line::message(&id, &message));
        ids.push(id);
    }
    (log, ids)
}

fn message_line(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message_line");
    let id = MessageId::next();
    for bytes in [20, 16 * 1024] {
        let message = message(&"x".repeat(bytes));
        group.bench_function(BenchmarkId::new("bytes", bytes), |bencher| {
            bencher.iter(|| line::message(black_box(&id), black_box(&message)));
        });
    }
}

fn json(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("into_json");
    for size in SIZES {
        let (log, ids) = written(size);
        let mut with_deletions = log.clone();
        for id in ids.iter().step_by(10) {
            event_log::delete(&mut with_deletions, id, None).unwrap();
        }
        for (name, log) in [("messages", log), ("messages, a tenth deleted", with_deletions)] {
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter_batched(
                    || log[STATE_LENGTH..].to_vec(),
                    into_json,
                    BatchSize::SmallInput,
                );
            });
        }
    }
}

fn the_events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events");
    for size in SIZES {
        let (log, _) = written(size);
        let lines = &log[FRONT_LENGTH..];
        group.bench_function(BenchmarkId::new("messages", size), |bencher| {
            bencher.iter(|| events(black_box(lines), Cursor::START).for_each(drop_seen));
        });
    }
}

/// Keeps the compiler from leaving out what nobody looks at.
fn drop_seen<T>(seen: T) {
    black_box(seen);
}

fn after_cursor(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lines_after_cursor");
    for size in SIZES {
        let (log, _) = written(size);
        let part = log[FRONT_LENGTH - 1..].to_vec();
        group.bench_function(BenchmarkId::new("messages", size), |bencher| {
            bencher.iter_batched(|| part.clone(), lines_after_cursor, BatchSize::SmallInput);
        });
    }
}

fn delete(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("delete");
    for size in SIZES {
        let (log, ids) = written(size);
        let last = ids.last().unwrap();
        group.bench_function(BenchmarkId::new("the last of messages", size), |bencher| {
            let delete = |log: &mut Vec<u8>| event_log::delete(log, last, None);
            bencher.iter_batched_ref(|| log.clone(), delete, BatchSize::SmallInput);
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    targets = message_line, json, the_events, after_cursor, delete
}
criterion_main!(benches);
