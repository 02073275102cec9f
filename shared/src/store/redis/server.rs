//! Opens a connection to one server.

use std::time::SystemTime;

use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, RedisResult};

use super::connection::RESPONSE_TIMEOUT;
use crate::config::RedisConfig;
use crate::elasticache::renewal::RenewedTokens;

/// Opens a connection for commands. It speaks RESP2, in which a server sends nothing but replies, so
/// that each belongs to the oldest request, as the crate `redis` assumes.
pub(super) async fn open_for_commands(
    redis: &RedisConfig,
    node: ConnectionInfo,
) -> RedisResult<MultiplexedConnection> {
    let mut settings = settings();
    if let Some(login) = &redis.iam {
        settings = settings.set_credentials_provider(RenewedTokens::new(login.clone()));
    }
    open(redis, node, settings).await
}

/// Opens a connection for subscriptions. It speaks RESP3, in which a server also sends pushes.
pub(super) async fn open_for_subscriptions(
    redis: &RedisConfig,
    node: ConnectionInfo,
    pushes: impl AsyncPushSender,
) -> RedisResult<MultiplexedConnection> {
    let mut login = node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    if let Some(iam) = &redis.iam {
        login = login.set_username(&iam.user).set_password(iam.token(SystemTime::now()));
    }
    open(redis, node.set_redis_settings(login), settings().set_push_sender(pushes)).await
}

fn settings() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(RESPONSE_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
}

async fn open(
    redis: &RedisConfig,
    node: ConnectionInfo,
    settings: AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let client = match &redis.certificates {
        Some(certificates) => Client::build_with_tls(node, certificates.clone())?,
        None => Client::open(node)?,
    };
    client.get_multiplexed_async_connection_with_config(&settings).await
}
