//! The compose file beside what it names.

use std::process::Command;

use serde_norway::Value;

use crate::check::sources::is_variable_read;
use crate::root;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn services() -> Value {
    let file: Value = serde_norway::from_str(&read("local/compose.yaml")).expect("YAML");
    file["services"].clone()
}

fn texts(value: &Value) -> Vec<&str> {
    let values = value.as_sequence().expect("a list");
    values.iter().map(|value| value.as_str().expect("a text")).collect()
}

#[test]
fn the_compose_file_builds_the_image_and_publishes_its_port() {
    let router = &services()["router"];
    let build = &router["build"];
    // The context is named from the folder of the compose file.
    assert_eq!(build["context"], "..");
    let image = read(build["dockerfile"].as_str().expect("a path"));
    let [port] = texts(&router["ports"])[..] else { panic!("one port") };
    let (_, port) = port.rsplit_once(':').expect("a port of this machine and one of the container");
    assert!(
        image.contains(&format!("PORT={port}")),
        "the image listens on another port than {port}"
    );
    let program = texts(&router["healthcheck"]["test"])[1];
    assert!(image.contains(&format!("ENTRYPOINT [\"{program}\"]")), "there is no {program}");
}

#[test]
fn the_compose_file_sets_variables_that_the_router_reads() {
    let router = &services()["router"];
    for (variable, _) in router["environment"].as_mapping().expect("variables") {
        let variable = variable.as_str().expect("a name");
        assert!(is_variable_read(variable), "nothing reads {variable}");
    }
}

#[test]
fn the_compose_file_waits_for_a_valkey_that_only_the_router_reaches() {
    let services = services();
    let valkey = &services["valkey"];
    let url = services["router"]["environment"]["REDIS_URL"].as_str();
    assert_eq!(url, Some("redis://valkey:6379"));
    assert_eq!(services["router"]["depends_on"]["valkey"]["condition"], "service_healthy");
    assert_eq!(texts(&valkey["healthcheck"]["test"]), ["CMD", "valkey-cli", "-e", "ping"]);
    assert!(valkey.get("ports").is_none(), "everyone on this machine's network reaches Valkey");
}

#[test]
fn the_compose_files_health_check_is_a_command_of_the_router() {
    let router = &services()["router"];
    let check = texts(&router["healthcheck"]["test"]);
    let help = Command::new(env!("CARGO_BIN_EXE_local")).args(&check[2..]).arg("--help").output();
    assert!(help.expect("a router").status.success(), "the router does not know {check:?}");
}
