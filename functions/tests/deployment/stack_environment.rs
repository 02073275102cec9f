//! The functions start with what the template makes of their variables.

use shared::config::Config;

use crate::stack::Stack;

/// The configuration of the functions of a stack.
fn config(
    conditions: &'static [&'static str],
    parameters: &'static [(&'static str, &'static str)],
) -> Config {
    let variables = Stack::new(conditions, parameters).variables();
    let config = Config::from_variables(|name| variables.get(name).cloned());
    let config = config.unwrap_or_else(|error| panic!("{error}, in {variables:?}"));
    config.require_redis().expect("a Redis");
    config
}

#[test]
fn a_stack_that_makes_its_cache_logs_in_to_it_by_iam_and_asks_for_tokens() {
    let config = config(&["MakeCache", "MakeVpc", "InVpc", "WithTokens"], &[]);
    let redis = config.redis.expect("a Redis");
    assert_eq!(redis.to_string(), "made.example:6379");
    let login = redis.iam.expect("a login by IAM");
    let names = (login.user.as_str(), login.cache.as_str(), login.serverless);
    assert_eq!(names, ("parley-cacheuser", "parley-cache", true));
    assert!(config.tokens.is_some());
}

#[test]
fn a_stack_with_a_redis_of_ones_own_logs_in_as_its_url_says() {
    let parameters = &[("RedisUrl", "redis://given.example:6379"), ("RedisCluster", "true")];
    let config = config(&[], parameters);
    let redis = config.redis.expect("a Redis");
    assert_eq!(redis.to_string(), "given.example:6379");
    assert!(redis.iam.is_none() && config.tokens.is_none());

    let secret = self::config(&["UrlIsSecret"], &[]);
    assert_eq!(secret.redis.expect("a Redis").to_string(), "given.example:6380");
}
