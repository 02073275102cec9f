//! The playground in a real browser.

mod accessibility;
mod deleting;
mod events;
mod expiry;
mod faults;
mod keyboard;
mod latency;
mod page;
mod refusals;
mod requests;
mod tabs;
mod talking;
mod tokens;
mod window;
