//! The module itself.

use std::process::Command;

use testing::api::Api;
use testing::router::Router;
use testing::talk::MODULE;

#[tokio::test]
async fn it_is_served_to_pages_of_every_origin() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let served = Api::at(&router.url).get("/parley.js").await;
    assert_eq!(served.status, 200);
    assert_eq!(served.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(served.header("cache-control"), "no-cache");
    assert_eq!(served.header("x-content-type-options"), "nosniff");
    assert_eq!(served.header("access-control-allow-origin"), "*");
    assert_eq!(served.body, std::fs::read_to_string(MODULE).expect("the module"));
}

#[test]
fn its_own_tests_pass() {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client/module");
    let files =
        std::fs::read_dir(tests).expect("a folder").map(|file| file.expect("a file").path());
    let output = Command::new("node").arg("--test").args(files).output();
    let output = output.expect("Node.js 20 or later");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
}
