//! Opens a connection to one server.

use std::time::{Duration, SystemTime};

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, RedisResult};

use crate::config::RedisConfig;

/// How long opening a connection may take, and how long a reply.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens a connection for commands. It speaks RESP2, in which a server sends nothing but replies, so
/// that each belongs to the oldest request, as the crate `redis` assumes.
pub(super) async fn open_for_commands(
    redis: &RedisConfig,
    node: ConnectionInfo,
) -> RedisResult<MultiplexedConnection> {
    open(redis, node, ProtocolVersion::RESP2, settings()).await
}

/// Opens a connection for subscriptions. It speaks RESP3, in which a server also sends pushes.
pub(super) async fn open_for_subscriptions(
    redis: &RedisConfig,
    node: ConnectionInfo,
    pushes: impl AsyncPushSender,
) -> RedisResult<MultiplexedConnection> {
    open(redis, node, ProtocolVersion::RESP3, settings().set_push_sender(pushes)).await
}

fn settings() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(RESPONSE_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
}

async fn open(
    redis: &RedisConfig,
    node: ConnectionInfo,
    protocol: ProtocolVersion,
    settings: AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let mut login = node.redis_settings().clone().set_protocol(protocol);
    if let Some(iam) = &redis.iam {
        login = login.set_username(&iam.user).set_password(iam.token(SystemTime::now()));
    }
    let node = node.set_redis_settings(login);
    let client = match &redis.certificates {
        Some(certificates) => Client::build_with_tls(node, certificates.clone())?,
        None => Client::open(node)?,
    };
    client.get_multiplexed_async_connection_with_config(&settings).await
}
