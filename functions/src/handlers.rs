//! The handlers, one module for each route.

pub mod create_conversation;
pub mod delete_conversation;
pub mod delete_message;
pub mod get_conversation;
pub mod list_conversations;
pub mod send_event;
pub mod send_message;
