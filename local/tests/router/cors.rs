//! What the router and the deployed API let a page do is the same.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_norway::Value;
use testing::api::{Api, answer};
use testing::router::Router;

fn cors_of_the_template() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let text = std::fs::read_to_string(path).expect("the template");
    let template: Value = serde_norway::from_str(&text).expect("YAML");
    template["Resources"]["Api"]["Properties"]["CorsConfiguration"].clone()
}

fn listed(values: &Value) -> BTreeSet<String> {
    let values = values.as_sequence().expect("a list").iter();
    values.map(|value| value.as_str().expect("a name").to_owned()).collect()
}

fn separated(text: &str) -> BTreeSet<String> {
    text.split(',').map(|name| name.trim().to_owned()).collect()
}

#[tokio::test]
async fn the_template_and_the_router_name_the_same_methods_and_headers() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let preflight = Api::at(&router.url)
        .request(Method::OPTIONS, "/api/conversations")
        .header("Origin", "https://example.com")
        .header("Access-Control-Request-Method", "POST");
    let preflight = answer(preflight).await;
    let cors = cors_of_the_template();
    let header = |name| separated(preflight.header(name));
    assert_eq!(header("access-control-expose-headers"), listed(&cors["ExposeHeaders"]));
    assert_eq!(header("access-control-allow-methods"), listed(&cors["AllowMethods"]));
    assert_eq!(
        preflight.header("access-control-max-age"),
        cors["MaxAge"].as_u64().expect("seconds").to_string()
    );
}

#[test]
fn the_template_allows_every_header_that_a_page_may_send() {
    let sent = [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "last-event-id",
    ];
    let allowed = listed(&cors_of_the_template()["AllowHeaders"]);
    assert_eq!(allowed, sent.map(str::to_owned).into());
}
