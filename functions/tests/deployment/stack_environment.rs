//! What the template makes of the functions' variables, worked out as CloudFormation does, is what
//! the functions start with.

use std::collections::HashMap;
use std::path::Path;

use serde_norway::Value;
use shared::config::Config;

/// A stack made from the template.
struct Stack {
    template: Value,
    /// The conditions that hold in it.
    conditions: &'static [&'static str],
    /// The parameters that are not left at their defaults.
    parameters: &'static [(&'static str, &'static str)],
}

impl Stack {
    fn new(
        conditions: &'static [&'static str],
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let text = std::fs::read_to_string(path).expect("the template");
        let template: Value = serde_norway::from_str(&text).expect("YAML");
        for condition in conditions {
            assert!(template["Conditions"].get(condition).is_some(), "no condition {condition}");
        }
        Self { template, conditions, parameters }
    }

    /// The configuration of its functions, with the variables that Lambda adds.
    fn config(&self) -> Config {
        let variables = &self.template["Globals"]["Function"]["Environment"]["Variables"];
        let variables = variables.as_mapping().expect("variables").iter();
        let variables: HashMap<_, _> = variables
            .filter_map(|(name, value)| Some((name.as_str()?, self.value(value)?)))
            .chain([
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "key".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
                ("AWS_SESSION_TOKEN", "session".to_owned()),
            ])
            .collect();
        let config = Config::from_variables(|name| variables.get(name).cloned());
        let config = config.unwrap_or_else(|error| panic!("{error}, in {variables:?}"));
        config.require_redis().expect("a Redis");
        config
    }

    /// What a value comes to; nothing where it is left out.
    fn value(&self, value: &Value) -> Option<String> {
        let Value::Tagged(function) = value else { return Some(text(value)) };
        match function.tag.to_string().as_str() {
            "!If" => {
                let holds = self.conditions.contains(&text(&function.value[0]).as_str());
                self.value(&function.value[if holds { 1 } else { 2 }])
            }
            "!Ref" => self.reference(&text(&function.value)),
            "!Sub" => Some(self.substituted(&text(&function.value))),
            other => panic!("{other} is not known here"),
        }
    }

    /// A parameter's value, or a resource's name.
    fn reference(&self, name: &str) -> Option<String> {
        if name == "AWS::NoValue" {
            return None;
        }
        let given = self.parameters.iter().find(|(parameter, _)| *parameter == name);
        let parameter = given.map(|(_, value)| (*value).to_owned());
        let default = || self.template["Parameters"].get(name).map(|it| text(&it["Default"]));
        parameter.or_else(default).or_else(|| {
            assert!(self.template["Resources"].get(name).is_some(), "nothing is called {name}");
            Some(format!("parley-{}", name.to_lowercase()))
        })
    }

    fn substituted(&self, pattern: &str) -> String {
        let secret =
            &self.template["Resources"]["AuthSecret"]["Properties"]["GenerateSecretString"];
        let length = secret["PasswordLength"].as_u64().expect("a length") as usize;
        match pattern {
            "{{resolve:secretsmanager:${AuthSecret}}}" => "s".repeat(length),
            "{{resolve:secretsmanager:${RedisUrlSecret}}}" => {
                "rediss://user:password@given.example:6380".to_owned()
            }
            _ => pattern
                .replace("${Cache.Endpoint.Address}", "made.example")
                .replace("${Cache.Endpoint.Port}", "6379"),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is neither text nor a number"),
    }
}

#[test]
fn a_stack_that_makes_its_cache_logs_in_to_it_by_iam_and_asks_for_tokens() {
    let config = Stack::new(&["MakeCache", "MakeVpc", "InVpc", "WithTokens"], &[]).config();
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
    let config = Stack::new(&[], parameters).config();
    let redis = config.redis.expect("a Redis");
    assert_eq!(redis.to_string(), "given.example:6379");
    assert!(redis.iam.is_none() && config.tokens.is_none());

    let secret = Stack::new(&["UrlIsSecret"], &[]).config();
    assert_eq!(secret.redis.expect("a Redis").to_string(), "given.example:6380");
}
