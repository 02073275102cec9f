//! Who may speak, where `AUTH_SECRET` says that not everybody may.

use std::io::Read;
use std::process::{Command, Stdio};

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use testing::api::{Answer, Api, TIMESTAMP, answer, message};
use testing::contract::TOKENS;
use testing::events::EventSource;
use testing::router::Router;
use testing::token::{self, SECRET, seconds_from_now, sign, with_claims};

const BINARY: &str = env!("CARGO_BIN_EXE_local");
const OLD_SECRET: &str = "an older secret of the tests that is long enough";

/// A router with tokens, its agent, and a conversation with its customer.
async fn conversation() -> (Router, Api, String, Api) {
    let router = Router::start(BINARY, None, &[TOKENS]);
    let agent = Api::at(&router.url).with_token(token::agent());
    let created = answer(agent.request(Method::POST, "/api/conversations")).await;
    let customer = agent.with_token(created.text("customerToken"));
    let path = created.header("location").to_owned();
    (router, agent, path, customer)
}

fn from_customer(content: &str) -> String {
    json!({"sender": "customer", "content": content, "timestamp": TIMESTAMP}).to_string()
}

fn assert_refused(refused: &Answer, challenge: &str) {
    refused.assert_error(401, "unauthorized");
    assert_eq!(refused.header("www-authenticate"), challenge);
}

#[tokio::test]
async fn beginning_needs_no_token_and_everything_else_does() {
    let (router, agent, path, _) = conversation().await;
    let message_id = agent.send(&path, "hello").await;
    let stranger = Api::at(&router.url);
    stranger.create().await;
    for refused in [
        stranger.get(&path).await,
        stranger.get(&format!("{path}?after=0")).await,
        stranger.post(&path, message("hello")).await,
        stranger.delete(&path, &message_id).await,
        stranger.get("/api/conversations/not-a-uuid").await,
    ] {
        assert_refused(&refused, "Bearer realm=\"parley\"");
    }
    assert_eq!(agent.contents(&path).await, ["hello"]);
}

#[tokio::test]
async fn a_customer_speaks_as_the_customer_of_the_own_conversation_only() {
    let (_router, agent, path, customer) = conversation().await;
    agent.send(&path, "from the agent").await;
    assert_eq!(customer.post(&path, from_customer("from me")).await.status, 201);
    assert_eq!(customer.contents(&path).await, ["from the agent", "from me"]);
    let mut source = EventSource::new(&customer, &path);
    assert_eq!(source.next_happening().await.data["content"], "from the agent");

    customer.post(&path, message("as the agent")).await.assert_error(403, "forbidden");
    let other = agent.create().await;
    let never = "/api/conversations/00000000-0000-4000-8000-000000000000";
    for path in [other.as_str(), never] {
        customer.get(path).await.assert_error(403, "forbidden");
        customer.post(path, from_customer("hello")).await.assert_error(403, "forbidden");
        customer
            .delete(path, never.rsplit('/').next().expect("an id"))
            .await
            .assert_error(403, "forbidden");
    }
    // Not even the words tell whether there is such a conversation.
    assert_eq!(customer.get(&other).await.body, customer.get(never).await.body);
    assert_eq!(agent.contents(&path).await, ["from the agent", "from me"]);
}

#[tokio::test]
async fn an_agent_reads_everything_and_speaks_as_the_agent_only() {
    let (_router, agent, path, customer) = conversation().await;
    assert_eq!(customer.post(&path, from_customer("hello")).await.status, 201);
    agent.post(&path, from_customer("as the customer")).await.assert_error(403, "forbidden");
    assert_eq!(agent.contents(&path).await, ["hello"]);
    let never = "/api/conversations/00000000-0000-4000-8000-000000000000";
    agent.get(never).await.assert_error(404, "conversation_not_found");

    let bound = json!({"role": "agent", "exp": seconds_from_now(60),
        "conversation": path.rsplit('/').next()});
    let bound = agent.with_token(with_claims(&bound));
    assert_eq!(bound.contents(&path).await, ["hello"]);
    bound.get(&agent.create().await).await.assert_error(403, "forbidden");
}

#[tokio::test]
async fn customers_delete_their_own_messages_and_agents_any() {
    let (_router, agent, path, customer) = conversation().await;
    let from_agent = agent.send(&path, "from the agent").await;
    let mut own = Vec::new();
    for content in ["one", "\",\"sender\":\"agent\""] {
        own.push(customer.post(&path, from_customer(content)).await.text("messageId"));
    }
    customer.delete(&path, &from_agent).await.assert_error(403, "forbidden");
    assert_eq!(agent.contents(&path).await.len(), 3);
    assert_eq!(customer.delete(&path, &own[1]).await.status, 200);
    customer.delete(&path, &own[1]).await.assert_error(404, "message_not_found");
    assert_eq!(agent.delete(&path, &own[0]).await.status, 200);
    assert_eq!(agent.delete(&path, &from_agent).await.status, 200);
    assert!(agent.contents(&path).await.is_empty());
}

#[tokio::test]
async fn what_is_forbidden_does_not_let_the_conversation_live_on() {
    let (_router, agent, path, customer) = conversation().await;
    let message_id = agent.send(&path, "hello").await;
    let since = async || agent.get(&format!("{path}?after=0")).await.json();
    let before = since().await;
    customer.post(&path, message("as the agent")).await.assert_error(403, "forbidden");
    customer.delete(&path, &message_id).await.assert_error(403, "forbidden");
    agent.post(&path, from_customer("as the customer")).await.assert_error(403, "forbidden");
    assert_eq!(since().await, before);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_no_token() {
    let (router, agent, path, _) = conversation().await;
    let hs256 = json!({"alg": "HS256", "typ": "JWT"});
    let good = json!({"role": "agent", "exp": seconds_from_now(60)});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        with_claims(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").remove(name);
        with_claims(&claims)
    };
    let signed = with_claims(&good);
    let (unsigned, signature) = signed.rsplit_once('.').expect("a signature");
    let (_, others) = sign(&hs256, &json!({}), SECRET)
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a signature");
    for (what, bad) in [
        ("no algorithm", sign(&json!({"alg": "none"}), &good, SECRET)),
        ("no algorithm, no signature", {
            let token = sign(&json!({"alg": "none"}), &good, SECRET);
            format!("{}.", token.rsplit_once('.').expect("a signature").0)
        }),
        ("RS256", sign(&json!({"alg": "RS256"}), &good, SECRET)),
        ("HS512", sign(&json!({"alg": "HS512"}), &good, SECRET)),
        ("another secret", sign(&hs256, &good, OLD_SECRET)),
        ("no secret", sign(&hs256, &good, "")),
        ("no signature", format!("{unsigned}.")),
        ("half a signature", format!("{unsigned}.{}", &signature[..20])),
        ("another's signature", format!("{unsigned}.{others}")),
        ("expired", with("exp", json!(seconds_from_now(-2)))),
        ("expired long ago", with("exp", json!(1))),
        ("never expires", without("exp")),
        ("expires in words", with("exp", json!("tomorrow"))),
        ("not yet valid", with("nbf", json!(seconds_from_now(60)))),
        ("no role", without("role")),
        ("another role", with("role", json!("admin"))),
        ("a customer of nothing", with("role", json!("customer"))),
        ("a conversation that is none", with("conversation", json!("not-a-uuid"))),
        ("for another audience", with("aud", json!("another service"))),
        ("oversized", with("sub", json!("x".repeat(5000)))),
        ("garbage", "x.y.z".to_owned()),
        ("nothing", String::new()),
    ] {
        let refused = agent.with_token(bad).get(&path).await;
        assert_eq!(refused.status, 401, "{what}: {}", refused.body);
        assert_refused(&refused, "Bearer realm=\"parley\", error=\"invalid_token\"");
    }
    for header in ["Basic YTpi", &signed, "Bearer"] {
        let stranger = Api::at(&router.url);
        let asked = stranger.request(Method::GET, &path).header(AUTHORIZATION, header);
        assert_eq!(answer(asked).await.status, 401, "{header}");
    }
    // Another scheme is no token, so that the one in the query is looked at.
    let in_query = format!("{path}?access_token={signed}");
    let behind_basic = Api::at(&router.url).request(Method::GET, &in_query);
    let behind_basic = behind_basic.header(AUTHORIZATION, "Basic YTpi");
    assert_eq!(answer(behind_basic).await.status, 200);
    let twice = agent.request(Method::GET, &path).header(AUTHORIZATION, format!("Bearer {signed}"));
    assert_eq!(answer(twice).await.status, 401);
    assert_eq!(agent.with_token(signed).get(&path).await.status, 200);
}

#[tokio::test]
async fn the_first_secret_signs_and_all_verify() {
    let both: &'static str = format!("{SECRET}, {OLD_SECRET}").leak();
    let variables: &'static [_] = vec![("AUTH_SECRET", both)].leak();
    let router = Router::start(BINARY, None, variables);
    let created = answer(Api::at(&router.url).request(Method::POST, "/api/conversations")).await;
    let path = created.header("location");
    let claims = json!({"role": "agent", "exp": seconds_from_now(60)});
    for secret in [SECRET, OLD_SECRET] {
        let token = sign(&json!({"alg": "HS256"}), &claims, secret);
        assert_eq!(Api::at(&router.url).with_token(token).get(path).await.status, 200);
    }
    // A router that knows the first alone takes what both gave out: the token is good there, and
    // only the conversation is not.
    let renewed = Router::start(BINARY, None, &[TOKENS]);
    let customer = Api::at(&renewed.url).with_token(created.text("customerToken"));
    customer.get(path).await.assert_error(404, "conversation_not_found");
}

#[tokio::test]
async fn a_token_in_the_query_may_read_and_appears_in_no_log() {
    let mut command = Command::new(BINARY);
    command.envs([TOKENS, ("LOG_LEVEL", "trace")]).stderr(Stdio::piped());
    let mut router = Router::launch(command, None);
    let stranger = Api::at(&router.url);
    let created = answer(stranger.request(Method::POST, "/api/conversations")).await;
    let (path, token) = (created.header("location"), token::agent());
    let query = format!("{path}?access_token={token}");
    assert_eq!(stranger.get(&query).await.status, 200);
    let mut source = EventSource::new(&stranger, &query);
    assert_eq!(source.next().await.event, "expires");
    drop(source);

    let sent = stranger.request(Method::POST, &format!("{path}/messages?access_token={token}"));
    assert_refused(&answer(sent.body(message("hello"))).await, "Bearer realm=\"parley\"");
    let id = "00000000-0000-7000-8000-000000000000";
    let deleted = format!("{path}/messages/{id}?access_token={token}");
    assert_refused(
        &answer(stranger.request(Method::DELETE, &deleted)).await,
        "Bearer realm=\"parley\"",
    );
    stranger.get(&format!("{path}?access_token=garbage")).await.assert_error(401, "unauthorized");

    router.process.signal("TERM");
    let mut log = String::new();
    let stderr = router.process.0.stderr.as_mut().expect("a pipe");
    stderr.read_to_string(&mut log).expect("text");
    assert!(log.contains("request completed"), "{log}");
    for secret in [token, created.text("customerToken"), SECRET.to_owned()] {
        assert!(!log.contains(&secret), "{log}");
    }
}

#[tokio::test]
async fn the_router_makes_tokens_for_trying_out() {
    let (router, agent, path, _) = conversation().await;
    assert!(router.greeting.contains("tokens on"), "{}", router.greeting);
    let make = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(BINARY);
        command.env_remove("AUTH_SECRET").envs(variables.iter().copied());
        let output = command.arg("token").args(arguments).output().expect("an output");
        let text = |bytes| String::from_utf8(bytes).expect("text").trim().to_owned();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (_, token, _) = make(&["--role", "agent", "--ttl", "8h"], &[TOKENS]);
    assert_eq!(agent.with_token(token).post(&path, message("hello")).await.status, 201);
    let id = path.rsplit('/').next().expect("an id");
    let (_, token, _) = make(&["--role", "customer", "--conversation", id], &[TOKENS]);
    assert_eq!(agent.with_token(token).post(&path, from_customer("hello")).await.status, 201);

    for (arguments, variables, named) in [
        (vec!["--role", "agent"], vec![], "AUTH_SECRET"),
        (vec!["--role", "agent"], vec![("AUTH_SECRET", "weak")], "AUTH_SECRET"),
        (vec!["--role", "customer"], vec![TOKENS], "--conversation"),
        (vec!["--role", "admin"], vec![TOKENS], "--role"),
        (vec!["--role", "agent", "--ttl", "soon"], vec![TOKENS], "--ttl"),
        (vec!["--role", "agent", "--ttl", "0s"], vec![TOKENS], "--ttl"),
        (vec!["--role", "agent", "--ttl", "999ms"], vec![TOKENS], "--ttl"),
    ] {
        let (made, token, error) = make(&arguments, &variables);
        assert!(!made && token.is_empty(), "{named}");
        assert!(error.contains(named), "{named}: {error}");
    }
}

#[tokio::test]
async fn creating_takes_a_token_of_no_conversation_where_it_is_not_open() {
    let variables: &[_] = &[TOKENS, ("OPEN_CREATION", "false")];
    let router = Router::start(BINARY, None, variables);
    let stranger = Api::at(&router.url);
    let create = |api: &Api| answer(api.request(Method::POST, "/api/conversations"));
    assert_refused(&create(&stranger).await, "Bearer realm=\"parley\"");

    let agent = stranger.with_token(token::agent());
    let created = create(&agent).await;
    assert_eq!(created.status, 201);
    // A customer's token without a conversation creates one, and does nothing else.
    let claims = json!({"role": "customer", "exp": seconds_from_now(60)});
    let newcomer = stranger.with_token(sign(&json!({"alg": "HS256"}), &claims, SECRET));
    assert_eq!(create(&newcomer).await.status, 201);
    assert_eq!(newcomer.get(created.header("location")).await.status, 401);

    let customer = stranger.with_token(created.text("customerToken"));
    create(&customer).await.assert_error(403, "forbidden");
    assert_eq!(customer.get(created.header("location")).await.status, 200);
}
