//! The table of errors beside the description of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::Document;

/// Errors of requests that reach no route, and so no operation that is described.
const OFF_THE_ROUTES: [&str; 4] = [
    "400 invalid_host",
    "404 route_not_found",
    "405 method_not_allowed",
    "503 too_many_connections",
];

/// Each status with each of its codes, as the tables of a document say.
pub fn of_document(name: &'static str) -> BTreeSet<String> {
    let text = Document::read(name).text;
    let rows = text.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.get(1).is_some_and(|cell| cell.parse::<u16>().is_ok()));
    let mut errors = BTreeSet::new();
    for cells in rows {
        let codes = cells[2].split(", ").map(|code| code.trim_matches('`'));
        errors.extend(codes.map(|code| format!("{} {code}", cells[1])));
    }
    errors
}

/// The same, as openapi.json says.
pub fn of_description() -> BTreeSet<String> {
    let description: Value =
        serde_json::from_str(include_str!("../../src/openapi.json")).expect("JSON");
    let paths = description["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("operations").values());
    let responses = operations.flat_map(|operation| operation["responses"].as_object());
    let mut errors = BTreeSet::from(OFF_THE_ROUTES.map(str::to_owned));
    for (status, response) in responses.flatten() {
        let reference = response["$ref"].as_str().map(|path| path.trim_start_matches('#'));
        let response = reference.map_or(Some(response), |path| description.pointer(path));
        let response = response.expect("what is referred to");
        let schema = &response["content"]["application/json"]["schema"];
        let codes = schema["properties"]["code"]["enum"].as_array().into_iter().flatten();
        errors.extend(codes.map(|code| format!("{status} {}", code.as_str().expect("a code"))));
    }
    errors
}
