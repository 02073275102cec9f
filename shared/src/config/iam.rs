//! The variables for a login to ElastiCache by IAM.

use super::ConfigError;
use super::variable::boolean;
use crate::elasticache::token::{Credentials, IamLogin, SharedCredentials};

/// Reads the login, which `REDIS_IAM_USER` and `REDIS_IAM_CACHE` switch on. Lambda sets the region
/// and the credentials itself:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
pub(super) fn login(
    variable: impl Fn(&'static str) -> Option<String>,
) -> Result<Option<IamLogin>, ConfigError> {
    let serverless = boolean("REDIS_IAM_SERVERLESS", variable("REDIS_IAM_SERVERLESS"), false)?;
    let (user, cache) = match (variable("REDIS_IAM_USER"), variable("REDIS_IAM_CACHE")) {
        (None, None) => return Ok(None),
        (Some(user), Some(cache)) => (user, cache),
        (Some(_), None) => return Err(must("REDIS_IAM_CACHE", "set where REDIS_IAM_USER is")),
        (None, Some(_)) => return Err(must("REDIS_IAM_USER", "set where REDIS_IAM_CACHE is")),
    };
    if !cache.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        let name = format!("a cache's name, of letters, digits and hyphens, not {cache:?}");
        return Err(must("REDIS_IAM_CACHE", &name));
    }
    let needed = |name| {
        variable(name).ok_or_else(|| must(name, "set where REDIS_IAM_USER is, as Lambda does"))
    };
    let region = match variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")) {
        Some(region) => region,
        None => needed("AWS_REGION")?,
    };
    let credentials = Credentials {
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
        // A function's credentials have a session token, an IAM user's own do not.
        session_token: variable("AWS_SESSION_TOKEN"),
    };
    let credentials = SharedCredentials::new(credentials);
    Ok(Some(IamLogin { user, cache, region, serverless, credentials }))
}

fn must(variable: &'static str, expectation: &str) -> ConfigError {
    ConfigError { variable, expectation: expectation.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const ALL: [(&str, &str); 7] = [
        ("REDIS_IAM_USER", "parley"),
        ("REDIS_IAM_CACHE", "parley-cache"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret"),
        ("AWS_SESSION_TOKEN", "a-session-token"),
        ("REDIS_URL", "rediss://cache.example:6379"),
    ];

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        // The last value of a variable counts.
        Config::from_variables(|asked| {
            let found = variables.iter().rfind(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn login(more: &[(&str, &str)]) -> Result<IamLogin, String> {
        let config = config(&[&ALL[..], more].concat()).map_err(|error| error.to_string())?;
        Ok(config.redis.unwrap().iam.unwrap())
    }

    fn session_token(login: &IamLogin) -> Option<String> {
        login.credentials.get().session_token
    }

    #[test]
    fn none_of_lambdas_variables_asks_for_a_login() {
        assert!(config(&ALL[2..]).unwrap().redis.unwrap().iam.is_none());
    }

    #[test]
    fn a_login_is_what_the_variables_say() {
        let node_based = login(&[]).unwrap();
        assert_eq!(node_based.user, "parley");
        assert_eq!(node_based.cache, "parley-cache");
        assert_eq!(node_based.region, "eu-central-1");
        assert!(!node_based.serverless);
        assert_eq!(session_token(&node_based).as_deref(), Some("a-session-token"));
        assert!(login(&[("REDIS_IAM_SERVERLESS", "true")]).unwrap().serverless);
        assert!(!login(&[("REDIS_IAM_SERVERLESS", "false")]).unwrap().serverless);
        let elsewhere = login(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "us-east-1")]).unwrap();
        assert_eq!(elsewhere.region, "us-east-1");
        assert_eq!(session_token(&login(&[("AWS_SESSION_TOKEN", "")]).unwrap()), None);
    }

    #[test]
    fn what_is_missing_is_asked_for_by_name() {
        for name in ALL[..5].iter().map(|(name, _)| *name) {
            let error = login(&[(name, "")]).unwrap_err();
            assert!(error.starts_with(&format!("{name} must be set where REDIS_IAM_")), "{error}");
            assert!(!error.contains('\n') && !error.contains("a-s"), "{error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (name, wrong) in [
            ("REDIS_IAM_CACHE", "parley.abc.cache.amazonaws.com:6379"),
            ("REDIS_IAM_CACHE", "a/b"),
            ("REDIS_IAM_SERVERLESS", "yes"),
        ] {
            let error = login(&[(name, wrong)]).unwrap_err();
            assert!(error.starts_with(&format!("{name} must be")), "{error}");
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_a_login_too() {
        let (_, url) = ALL[6];
        let alone = [("REDIS_URL", url), ("REDIS_IAM_SERVERLESS", "yes")];
        let error = config(&alone).unwrap_err();
        assert_eq!(error.variable, "REDIS_IAM_SERVERLESS");
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        let error = login(&[("REDIS_URL", "redis://cache.example:6379")]).unwrap_err();
        assert!(error.contains("rediss://"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", config(&ALL).unwrap());
        assert!(shown.contains("parley-cache"), "{shown}");
        assert!(!shown.contains("a-secret") && !shown.contains("a-session-token"), "{shown}");
    }
}
