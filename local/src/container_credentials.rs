//! The credentials of a container's task, from the endpoint that ECS and EKS give it:
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.
//!
//! They are asked for before the router starts, and again well before they end.

mod endpoint;

use std::time::{Duration, SystemTime};

use shared::config::ConfigError;
use shared::elasticache::token::{Credentials, SharedCredentials};
use tokio::time::sleep;

use endpoint::Endpoint;
pub use endpoint::EndpointError;

/// How often the endpoint is asked before the router gives up starting.
const FIRST_ATTEMPTS: u32 = 5;
/// How long to wait after the first failure; each further one doubles it.
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// The longest wait after a failure.
const MAX_DELAY: Duration = Duration::from_secs(60);
/// The shortest time between two renewals.
const MIN_RENEWAL: Duration = Duration::from_secs(1);
/// How soon credentials are renewed that have no end.
const RENEWAL_WITHOUT_END: Duration = Duration::from_secs(15 * 60);

/// The credentials of the moment, and where the next ones come from.
pub struct ContainerCredentials {
    endpoint: Endpoint,
    latest: ExpiringCredentials,
}

/// Credentials, and when they end.
struct ExpiringCredentials {
    credentials: Credentials,
    expiration: Option<SystemTime>,
}

impl ContainerCredentials {
    /// Gets the first credentials. `None` where no login by IAM is configured, where variables hold
    /// the credentials, or where the container has no endpoint.
    pub async fn get(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, GetError> {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        if !is_set("REDIS_IAM_USER") || is_set("AWS_ACCESS_KEY_ID") {
            return Ok(None);
        }
        let Some(endpoint) = Endpoint::from_variables(variable)? else { return Ok(None) };
        let mut delay = FIRST_DELAY;
        for _ in 1..FIRST_ATTEMPTS {
            if let Ok(latest) = endpoint.get().await {
                return Ok(Some(Self { endpoint, latest }));
            }
            sleep(delay).await;
            delay *= 2;
        }
        let latest = endpoint.get().await?;
        Ok(Some(Self { endpoint, latest }))
    }

    /// The value of one of the variables that hold credentials elsewhere.
    pub fn variable(&self, name: &str) -> Option<String> {
        let credentials = &self.latest.credentials;
        match name {
            "AWS_ACCESS_KEY_ID" => Some(credentials.access_key_id.clone()),
            "AWS_SECRET_ACCESS_KEY" => Some(credentials.secret_access_key.clone()),
            "AWS_SESSION_TOKEN" => credentials.session_token.clone(),
            _ => None,
        }
    }

    /// Renews the credentials again and again, for as long as the process runs. A failure is logged
    /// once.
    pub async fn renew(self, shared: SharedCredentials) {
        let Self { endpoint, latest } = self;
        let mut wait = latest.renewal();
        let mut failure_delay = FIRST_DELAY;
        loop {
            sleep(wait).await;
            match endpoint.get().await {
                Ok(latest) => {
                    wait = latest.renewal();
                    shared.set(latest.credentials);
                    failure_delay = FIRST_DELAY;
                }
                Err(error) => {
                    if failure_delay == FIRST_DELAY {
                        tracing::error!(%error, "the container's credentials cannot be renewed yet");
                    }
                    wait = failure_delay;
                    failure_delay = (2 * failure_delay).min(MAX_DELAY);
                }
            }
        }
    }
}

impl ExpiringCredentials {
    /// How long to wait until they are renewed: half of their time.
    fn renewal(&self) -> Duration {
        let Some(expiration) = self.expiration else { return RENEWAL_WITHOUT_END };
        let left = expiration.duration_since(SystemTime::now()).unwrap_or_default();
        (left / 2).max(MIN_RENEWAL)
    }
}

/// Why there are no first credentials.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The endpoint's variables cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The endpoint gives none.
    #[error("cannot get the container's credentials: {0}")]
    Endpoint(#[from] EndpointError),
}
