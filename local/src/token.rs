//! The command `token`, which makes a token to try things out with. In production, the operator's own
//! backend makes them.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use shared::config::Config;
use shared::domain::conversation::ConversationId;
use shared::domain::sender::Sender;

/// Prints a token, signed with the first secret of AUTH_SECRET
#[derive(Debug, Args)]
pub struct TokenOptions {
    /// The role of its bearer
    #[arg(long, value_parser = role())]
    role: Sender,

    /// The one conversation it is valid for [default: all; a customer's without one only creates, where OPEN_CREATION=false]
    #[arg(long)]
    conversation: Option<ConversationId>,

    /// How long it is valid, like 8h or 15m
    #[arg(long, default_value = "8h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

fn role() -> impl TypedValueParser<Value = Sender> {
    let names = [Sender::Customer, Sender::Agent].map(Sender::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Sender>())
}

/// Prints the token that the options ask for.
pub fn print(options: &TokenOptions, config: &Config) -> Result<(), Box<dyn Error>> {
    let Some(tokens) = &config.tokens else {
        return Err("tokens are off; set AUTH_SECRET to the secret that the router has".into());
    };
    let TokenOptions { role, conversation, ttl } = options;
    if *role == Sender::Customer && conversation.is_none() && config.open_creation {
        return Err(
            "a customer's token is valid for one conversation; add --conversation <id>".into()
        );
    }
    // A token ends at a whole second, so that less than one may be nothing.
    if ttl.as_secs() == 0 {
        return Err("--ttl must be at least 1 second, like 8h or 15m".into());
    }
    writeln!(io::stdout(), "{}", tokens.sign(*role, conversation.as_ref(), *ttl)?)?;
    Ok(())
}
