//! What the template says of the code is so.

use std::path::{Path, PathBuf};

use serde_norway::Value;
use shared::domain::limits::MAX_WAIT_SECONDS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn template() -> Value {
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("the template");
    serde_norway::from_str(&text).expect("YAML")
}

/// What `!Ref` or `!GetAtt` names.
fn reference(value: &Value) -> &str {
    let Value::Tagged(function) = value else { panic!("no reference: {value:?}") };
    function.value.as_str().expect("a name")
}

/// The text of all files in a folder, and in those within it.
fn texts(folder: &Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let text = |path: PathBuf| match path.is_dir() {
        true => texts(&path),
        false => std::fs::read_to_string(path).expect("text"),
    };
    entries.map(|entry| text(entry.path())).collect()
}

#[test]
fn every_variable_that_it_sets_is_one_that_the_code_reads() {
    let template = template();
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let code = texts(&root().join("shared/src"));
    let variables = variables.as_mapping().expect("variables");
    assert!(variables.len() > 5);
    for (name, _) in variables {
        let name = name.as_str().expect("a name");
        assert!(code.contains(&format!("\"{name}\"")), "nothing reads {name}");
    }
}

#[test]
fn reading_may_take_as_long_as_it_may_wait_and_less_than_api_gateway_lets_it() {
    // <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
    const API_GATEWAY_SECONDS: u64 = 30;
    let template = template();
    let timeout = &template["Resources"]["GetConversation"]["Properties"]["Timeout"];
    let timeout = timeout.as_u64().expect("seconds");
    assert!((MAX_WAIT_SECONDS + 2..API_GATEWAY_SECONDS).contains(&timeout), "{timeout}");
    // A request is answered within 3 seconds, whatever Redis does.
    let least = template["Parameters"]["Timeout"]["MinValue"].as_u64();
    assert!(least.expect("seconds") > 3);
}

#[test]
fn each_function_has_a_log_of_its_own_and_a_role_that_writes_to_no_other() {
    let template = template();
    let mut logs = std::collections::HashSet::new();
    for (name, resource) in template["Resources"].as_mapping().expect("resources") {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let name = name.as_str().expect("a name");
        let log = reference(&resource["Properties"]["LoggingConfig"]["LogGroup"]).to_owned();
        assert_eq!(log, format!("{name}Log"));
        assert_eq!(template["Resources"][log.as_str()]["Type"], "AWS::Logs::LogGroup");
        let role = reference(&resource["Properties"]["Role"]);
        assert_eq!(role, format!("{name}Role.Arn"));
        let policies = &template["Resources"][format!("{name}Role")]["Properties"]["Policies"];
        let statements = &policies[0]["PolicyDocument"]["Statement"];
        assert_eq!(reference(&statements[0]["Resource"]), format!("{log}.Arn"));
        assert!(policies.get(1).is_none() && statements.get(1).is_none(), "{policies:?}");
        logs.insert(log);
    }
    assert_eq!(logs.len(), 4);
}
