//! Works out what the template makes of the functions' variables, as CloudFormation does.

use std::collections::HashMap;
use std::path::Path;

use serde_norway::Value;

/// A stack made from the template.
pub struct Stack {
    template: Value,
    /// The conditions that hold in it.
    conditions: &'static [&'static str],
    /// The parameters that are not left at their defaults.
    parameters: &'static [(&'static str, &'static str)],
}

impl Stack {
    /// Makes one.
    pub fn new(
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

    /// The variables of its functions, with those that Lambda adds.
    pub fn variables(&self) -> HashMap<String, String> {
        let variables = &self.template["Globals"]["Function"]["Environment"]["Variables"];
        let variables = variables.as_mapping().expect("variables").iter();
        let ours = variables.filter_map(|(name, value)| Some((text(name), self.value(value)?)));
        let lambdas = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "session"),
        ];
        ours.chain(lambdas.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
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
