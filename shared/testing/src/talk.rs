//! Both sides of a conversation in Node.js, on the client `parley.js`, and a second page of the customer's.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::Api;
use crate::process::Process;
use crate::wait::until;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/talk.mjs");
/// The client.
pub const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../local/src/client/parley.js");
const PAGES: [&str; 3] = ["customer", "agent", "tab"];
/// Messages by which a page that works has gone on.
const STEPS: u64 = 6;

/// Two sides that write to each other all the time, and who sees it.
pub struct Talk {
    _process: Process,
    input: Option<ChildStdin>,
    progress: Arc<Mutex<Progress>>,
    conversation: String,
}

#[derive(Default)]
struct Progress {
    /// The state of each page, and how many messages it has been told.
    pages: BTreeMap<String, (String, u64)>,
    /// Each state that a page has entered, in order.
    states: Vec<(String, String)>,
    outcome: Value,
}

impl Talk {
    /// Begins a conversation at the service at `url`, and the talk in it.
    pub async fn start(url: &str) -> Self {
        let conversation = Api::at(url).create().await;
        let id = conversation.rsplit('/').next().expect("an id");
        let mut command = Command::new("node");
        command.args([PROGRAM, MODULE, url, id]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, "The tests need Node.js 20 or later.");
        let input = process.0.stdin.take();
        let output = BufReader::new(process.0.stdout.take().expect("a pipe"));
        let progress = Arc::<Mutex<Progress>>::default();
        let heard = progress.clone();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
                heard.lock().expect("unpoisoned").hear(&line);
            }
        });
        let talk = Self { _process: process, input, progress, conversation };
        talk.goes_on().await;
        talk
    }

    /// Waits until every page is live and has been told more. Returns how long that took.
    pub async fn goes_on(&self) -> Duration {
        let start = Instant::now();
        let goals = PAGES.map(|page| (page, self.page(page).1 + STEPS));
        until("every page goes on", async || {
            goals.iter().all(|(page, goal)| {
                let (state, seen) = self.page(page);
                state == "live" && seen >= *goal
            })
        })
        .await;
        start.elapsed()
    }

    /// Waits until every page says that it waits for the service. Returns how long that took.
    pub async fn waits(&self) -> Duration {
        let start = Instant::now();
        until("every page waits", async || PAGES.iter().all(|page| self.page(page).0 == "waiting"))
            .await;
        start.elapsed()
    }

    /// Ends the talk, and holds that nothing was lost, doubled or out of order. `url` is a service at which
    /// the conversation can be read. Returns the number of messages and of states entered.
    pub async fn ends_well(mut self, url: &str) -> (usize, usize) {
        drop(self.input.take());
        until("everything is seen", async || !self.progress().outcome.is_null()).await;
        let (outcome, states) = {
            let progress = self.progress();
            (progress.outcome.clone(), progress.states.clone())
        };
        let usual = ["connecting", "live", "waiting", "closed"];
        let strange = states.iter().find(|(_, state)| !usual.contains(&state.as_str()));
        assert_eq!(strange, None);
        assert_eq!(outcome["refused"], json!([]));
        let there = Api::at(url).get(&self.conversation).await.json();
        let there = there["messages"].as_array().expect("messages").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let there: Vec<_> = there
            .map(|message| format!("{} {}", text(&message["sender"]), text(&message["content"])))
            .collect();
        for page in PAGES {
            assert_eq!(texts(&outcome["seen"][page]), there, "{page}");
        }
        for side in ["customer", "agent"] {
            let of_side = there.iter().filter(|line| line.starts_with(side));
            assert_eq!(
                of_side.cloned().collect::<Vec<_>>(),
                texts(&outcome["sent"][side]),
                "{side}"
            );
        }
        (there.len(), states.len())
    }

    fn page(&self, name: &str) -> (String, u64) {
        self.progress().pages.get(name).cloned().unwrap_or_default()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().expect("unpoisoned")
    }
}

impl Progress {
    fn hear(&mut self, line: &Value) {
        if !line["outcome"].is_null() {
            self.outcome = line["outcome"].clone();
            return;
        }
        let name = line["name"].as_str().expect("a page");
        let page = self.pages.entry(name.to_owned()).or_default();
        if let Some(seen) = line["seen"].as_u64() {
            page.1 = seen;
        } else if let Some(state) = line["state"].as_str() {
            state.clone_into(&mut page.0);
            self.states.push((name.to_owned(), state.to_owned()));
        }
    }
}

fn texts(values: &Value) -> Vec<String> {
    let values = values.as_array().expect("an array").iter();
    values.map(|value| value.as_str().expect("a text").to_owned()).collect()
}
