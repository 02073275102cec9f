//! The routes are written in the router, in the manifest for `cargo lambda watch`, and in the
//! template: three places, one truth.

use std::path::Path;

use functions::route::Route;

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    std::fs::read_to_string(root.join(file)).expect("a file of the workspace")
}

/// Method, path and function of each route.
fn routes() -> Vec<[String; 3]> {
    let row = |route: Route| {
        let function = route.function().name();
        [route.method().as_str(), route.path(), function].map(str::to_owned)
    };
    sorted(Route::ALL.map(row).to_vec())
}

fn sorted(mut rows: Vec<[String; 3]>) -> Vec<[String; 3]> {
    rows.sort();
    rows
}

#[test]
fn cargo_lambda_watch_serves_the_same_routes() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let watched = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_table();
    let mut rows = Vec::new();
    for (path, functions) in watched.expect("the watch routes") {
        for function in functions.as_array().expect("functions of a path") {
            let text = |key: &str| function[key].as_str().expect("a text").to_owned();
            rows.push([text("method"), path.clone(), text("function")]);
        }
    }
    assert_eq!(sorted(rows), routes());
}

#[test]
fn the_template_deploys_the_same_routes() {
    let template: serde_norway::Value =
        serde_norway::from_str(&read("template.yaml")).expect("a template of YAML");
    let mut rows = Vec::new();
    for (_, resource) in template["Resources"].as_mapping().expect("resources") {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
        for (_, event) in resource["Properties"]["Events"].as_mapping().expect("events") {
            assert_eq!(event["Type"], "HttpApi");
            let text = |key: &str| event["Properties"][key].as_str().expect("a text").to_owned();
            rows.push([
                text("Method").to_uppercase(),
                text("Path"),
                binary.expect("a binary").to_owned(),
            ]);
        }
    }
    assert_eq!(sorted(rows), routes());
}
