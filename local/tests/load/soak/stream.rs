//! A client that follows a conversation.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use testing::events::EventSource;

use super::Soak;
use super::conversation::sent_at;
use crate::THE_END;

/// After how many messages a client goes away and comes back, on average.
const STAY: u8 = 16;

/// Follows to the end, and returns the contents of all the messages that the stream told of.
pub async fn follow(soak: Arc<Soak>, conversation: String) -> Vec<String> {
    let mut source = EventSource::new(&soak.api, &conversation);
    let mut seen = Vec::new();
    loop {
        source.connect().await;
        soak.connections.fetch_add(1, Ordering::SeqCst);
        let connected = soak.started.elapsed();
        while let Some(event) = source.next_of_connection().await {
            let Some(content) = event.data["content"].as_str() else { continue };
            seen.push(content.to_owned());
            if content == THE_END {
                return seen;
            }
            // What was sent earlier is told at once.
            if let Some(sent) = sent_at(content).filter(|sent| *sent > connected) {
                soak.deliveries.add(soak.started.elapsed().saturating_sub(sent));
            }
            if fastrand::u8(..STAY) == 0 {
                source.drop_connection();
                break;
            }
        }
    }
}
