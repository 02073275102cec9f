//! `token`: makes a token for trying out. An operator's own backend makes them in earnest.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use shared::config::Config;
use shared::domain::conversation::ConversationId;
use shared::domain::message::Sender;

/// Prints a token, signed with the first secret of AUTH_SECRET
#[derive(Debug, Args)]
pub struct TokenOptions {
    /// As whom its bearer speaks: customer or agent
    #[arg(long)]
    role: Sender,

    /// The one conversation it is good for; a customer's token must have one [default: all]
    #[arg(long)]
    conversation: Option<ConversationId>,

    /// How long it is good for, like 8h or 15m
    #[arg(long, default_value = "8h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

/// Prints the token that the options ask for.
pub fn print(options: &TokenOptions, config: &Config) -> Result<(), Box<dyn Error>> {
    let Some(tokens) = &config.tokens else {
        return Err("AUTH_SECRET is not set: tokens are off, and everybody may speak".into());
    };
    let TokenOptions { role, conversation, ttl } = options;
    if *role == Sender::Customer && conversation.is_none() {
        return Err("a customer's token is for one conversation: --conversation names it".into());
    }
    println!("{}", tokens.sign(*role, conversation.as_ref(), *ttl)?);
    Ok(())
}
