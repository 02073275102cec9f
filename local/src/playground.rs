//! A page on which to try everything out: both sides of a conversation, over the real API.

use crate::page::{File, page, script, style};

/// The page and what it loads.
pub const FILES: [File; 13] = [
    ("/", || page(include_str!("playground/page.html"))),
    ("/playground/style.css", || style(include_str!("playground/style.css"))),
    ("/playground/actions.js", || script(include_str!("playground/actions.js"))),
    ("/playground/compose.js", || script(include_str!("playground/compose.js"))),
    ("/playground/element.js", || script(include_str!("playground/element.js"))),
    ("/playground/expiry.js", || script(include_str!("playground/expiry.js"))),
    ("/playground/handlers.js", || script(include_str!("playground/handlers.js"))),
    ("/playground/invitation.js", || script(include_str!("playground/invitation.js"))),
    ("/playground/messages.js", || script(include_str!("playground/messages.js"))),
    ("/playground/metadata.js", || script(include_str!("playground/metadata.js"))),
    ("/playground/pane.js", || script(include_str!("playground/pane.js"))),
    ("/playground/playground.js", || script(include_str!("playground/playground.js"))),
    ("/playground/requests.js", || script(include_str!("playground/requests.js"))),
];
