//! A container whose task's credentials come from an endpoint, and change.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, StatusCode};
use reqwest::Method;
use serde_json::json;
use shared::elasticache::token::{Credentials, IamLogin, SharedCredentials};
use testing::api::{Api, answer};
use testing::certificates::Certificates;
use testing::login_tokens::accept_only_fresh_tokens;
use testing::redis::{RedisServer, free_port};
use testing::router::Router;
use testing::wait::until;
use tokio::net::TcpListener;

const AUTHORIZATION: &str = "the-tasks-authorization";
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// An endpoint that gives out the credentials with this number, or fails where there is none.
#[derive(Clone, Default)]
struct Endpoint {
    number: Arc<Mutex<Option<u64>>>,
    answers: Arc<AtomicU64>,
}

impl Endpoint {
    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let endpoint = self.clone();
        let answer = move |headers: HeaderMap| async move { endpoint.answer(&headers) };
        let router = axum::Router::new().route("/credentials", axum::routing::get(answer));
        tokio::spawn(async { axum::serve(listener, router).await });
        format!("http://{address}/credentials")
    }

    fn answer(&self, headers: &HeaderMap) -> (StatusCode, String) {
        self.answers.fetch_add(1, SeqCst);
        let number = *self.number.lock().expect("a number");
        let is_known = headers.get("authorization").is_some_and(|it| it == AUTHORIZATION);
        let Some(number) = number.filter(|_| is_known) else {
            return (StatusCode::FORBIDDEN, "no secret-0".to_owned());
        };
        let Credentials { access_key_id, secret_access_key, session_token } = credentials(number);
        let soon = SystemTime::now() + Duration::from_secs(4);
        let body = json!({
            "AccessKeyId": access_key_id,
            "SecretAccessKey": secret_access_key,
            "Token": session_token,
            "Expiration": humantime::format_rfc3339_seconds(soon).to_string(),
        });
        (StatusCode::OK, body.to_string())
    }

    fn set(&self, number: Option<u64>) {
        *self.number.lock().expect("a number") = number;
    }

    async fn is_asked_again(&self) {
        let before = self.answers.load(SeqCst);
        until("the endpoint is asked again", async || self.answers.load(SeqCst) > before).await;
    }
}

fn credentials(number: u64) -> Credentials {
    Credentials {
        access_key_id: format!("KEY{number}"),
        secret_access_key: format!("secret-{number}"),
        session_token: Some(format!("session-{number}")),
    }
}

/// Makes a user's only passwords the tokens that are signed with these credentials.
fn accept_tokens_of(redis: &RedisServer, number: u64) {
    let login = IamLogin {
        user: "parley".to_owned(),
        cache: "parley-cache".to_owned(),
        region: "eu-central-1".to_owned(),
        serverless: true,
        credentials: SharedCredentials::new(credentials(number)),
    };
    accept_only_fresh_tokens(redis, "parley", |time| login.token(time));
}

fn router_with_iam() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .env("REDIS_IAM_USER", "parley")
        .env("REDIS_IAM_CACHE", "parley-cache")
        .env("REDIS_IAM_SERVERLESS", "true")
        .env("AWS_REGION", "eu-central-1")
        .env_remove("AWS_ACCESS_KEY_ID")
        .stderr(Stdio::piped());
    command
}

async fn create(api: &Api) -> StatusCode {
    answer(api.request(Method::POST, "/api/conversations")).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_logs_in_with_its_tasks_credentials_of_the_moment() {
    let certificates = Certificates::for_name("localhost");
    let port = free_port();
    let options = certificates.redis_options(port);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let redis = RedisServer::start_with(&options);
    redis.expect_ok(&["ACL", "SETUSER", "parley", "on", "~*", "&*", "+@all"]);
    accept_tokens_of(&redis, 1);
    let endpoint = Endpoint::default();
    endpoint.set(Some(1));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), AUTHORIZATION).expect("the authorization");

    let mut command = router_with_iam();
    command.env("REDIS_CA_CERT", certificates.authority());
    command.env(FULL_URI, endpoint.serve().await).env(TOKEN_FILE, file.path());
    let mut router = Router::launch(command, Some(&format!("rediss://localhost:{port}")));
    let api = Api::at(&router.url);
    assert_eq!(create(&api).await, 201);

    // The endpoint fails for a while, and then has other credentials, which alone are valid.
    endpoint.set(None);
    for _ in 0..3 {
        endpoint.is_asked_again().await;
    }
    assert_eq!(create(&api).await, 201);
    endpoint.set(Some(2));
    accept_tokens_of(&redis, 2);
    endpoint.is_asked_again().await;
    until("a new connection logs in with the new credentials", async || {
        redis.command(&["CLIENT", "KILL", "USER", "parley"]);
        create(&api).await == 201
    })
    .await;

    let mut log = router.process.0.stderr.take().expect("a pipe");
    drop(router);
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the log");
    assert_eq!(text.matches("credentials cannot be renewed").count(), 1, "{text}");
    for secret in ["secret-", "session-", AUTHORIZATION] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// What a router that does not start says.
fn refusal(command: &mut Command) -> String {
    let command = command.args(["--port", "0", "--redis-url", "rediss://localhost:1"]);
    let output = command.output().expect("a process that ends");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_without_credentials_says_in_one_line_what_it_needs() {
    let nothing = refusal(&mut router_with_iam());
    assert_eq!(
        nothing,
        "parley: AWS_ACCESS_KEY_ID must be set where REDIS_IAM_USER is, as Lambda does\n"
    );
    let elsewhere = refusal(router_with_iam().env(FULL_URI, "http://example.com/"));
    assert!(elsewhere.starts_with(&format!("parley: {FULL_URI} must be an http:// URL")));
    let url = Endpoint::default().serve().await;
    let refused = refusal(router_with_iam().env(FULL_URI, url));
    let expected = "cannot get the container's credentials: the endpoint answered 403 Forbidden";
    assert_eq!(refused, format!("parley: {expected}\n"));
}
