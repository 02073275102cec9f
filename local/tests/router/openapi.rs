//! The API's description is that of the API.

use std::collections::BTreeSet;

use functions::route::Route;
use serde_json::Value;
use testing::api::Api;
use testing::router::Router;

const COMMITTED: &str = include_str!("../../openapi.json");
const README: &str = include_str!("../../../README.md");

fn committed() -> Value {
    serde_json::from_str(COMMITTED).expect("JSON")
}

#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let served = Api::at(&router.url).get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    // As values: how fields are ordered depends on what else is built along.
    assert!(
        served.json() == committed(),
        "curl http://localhost:3000/openapi.json > local/openapi.json refreshes the committed one"
    );
}

#[test]
fn it_describes_the_routes_and_no_others() {
    let document = committed();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let name = operation["operationId"].as_str().expect("a name").to_owned();
            described.insert((path.clone(), method.to_uppercase(), name));
        }
    }
    let routes = Route::ALL.map(|route| {
        (route.path().to_owned(), route.method().to_string(), route.name().to_owned())
    });
    assert_eq!(described, BTreeSet::from(routes));
}

#[test]
fn it_names_the_codes_that_the_readme_names() {
    let mut described = BTreeSet::new();
    collect_codes(&committed(), &mut described);
    // Those of requests that are to no route.
    described.extend(["route_not_found", "method_not_allowed"].map(str::to_owned));
    let is_status = |cell: &str| matches!(cell.trim().parse::<u16>(), Ok(400..=599));
    let rows = README.lines().map(|line| line.split('|').collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.get(1).is_some_and(|cell| is_status(cell)));
    let codes = rows.flat_map(|cells| cells[2].split(','));
    let codes: BTreeSet<_> = codes.map(|code| code.trim().trim_matches('`').to_owned()).collect();
    assert_eq!(described, codes);
}

fn collect_codes(value: &Value, codes: &mut BTreeSet<String>) {
    if let Some(listed) = value["properties"]["code"]["enum"].as_array() {
        codes.extend(listed.iter().map(|code| code.as_str().expect("a code").to_owned()));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|field| collect_codes(field, codes)),
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, codes)),
        _ => {}
    }
}
