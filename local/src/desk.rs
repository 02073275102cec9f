//! The agent's desk: a page on which agents take the conversations that wait, and talk in them.

use crate::page::{File, page, script, style};

/// The paths of the page and its files, and what makes the response to each.
pub const FILES: [File; 12] = [
    ("/desk", || page(include_str!("desk/page.html"))),
    ("/desk/style.css", || style(include_str!("desk/style.css"))),
    ("/desk/agent.js", || script(include_str!("desk/agent.js"))),
    ("/desk/alarm.js", || script(include_str!("desk/alarm.js"))),
    ("/desk/conversation.js", || script(include_str!("desk/conversation.js"))),
    ("/desk/desk.js", || script(include_str!("desk/desk.js"))),
    ("/desk/element.js", || script(include_str!("desk/element.js"))),
    ("/desk/messages.js", || script(include_str!("desk/messages.js"))),
    ("/desk/metadata.js", || script(include_str!("desk/metadata.js"))),
    ("/desk/storage.js", || script(include_str!("desk/storage.js"))),
    ("/desk/tabs.js", || script(include_str!("desk/tabs.js"))),
    ("/desk/waiting.js", || script(include_str!("desk/waiting.js"))),
];
