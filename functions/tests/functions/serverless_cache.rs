//! A rehearsal of the deployment: the four functions, with the variables that the template gives
//! them, on a Redis that is set up as ElastiCache Serverless is documented.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use shared::config::Config;
use shared::elasticache::token::IamLogin;
use testing::Variables;
use testing::api::Api;
use testing::certificates::Certificates;
use testing::events::EventSource;
use testing::gateway::{Gateway, Invocations};
use testing::login_tokens::{accept_only_fresh_tokens, outdate_tokens};
use testing::redis::{RedisServer, free_port};
use testing::wait::wait_until;
use tokio::task::JoinHandle;

use crate::access_string::access_string;
use crate::binaries::functions;
use crate::serverless_commands::refusals;
use crate::stack::Stack;

/// How often the tokens are made the passwords that will be signed in the next seconds.
const REFRESH: Duration = Duration::from_secs(5);

/// The cache, and the functions on it.
struct Rehearsal {
    cache: Arc<RedisServer>,
    certificates: Certificates,
    /// The port for TLS, by which the functions reach it. The test itself uses the other.
    port: u16,
    login: IamLogin,
    refresh: JoinHandle<()>,
    /// The functions that run, by the variables that a test sets.
    gateways: HashMap<Variables, Gateway>,
}

impl Rehearsal {
    fn start() -> Self {
        let certificates = Certificates::for_name("localhost");
        let port = free_port();
        let cache = cache(&certificates, port);
        let variables = stack(&[], port);
        let config = Config::from_variables(|name| variables.get(name).cloned());
        let redis = config.expect("a configuration").redis.expect("a Redis");
        let login = redis.iam.expect("a login by IAM");
        let mut user = vec!["ACL".to_owned(), "SETUSER".to_owned(), login.user.clone()];
        user.extend(access_string().split(' ').map(str::to_owned));
        user.extend(refusals(&cache));
        cache.expect_ok(&user.iter().map(String::as_str).collect::<Vec<_>>());
        let cache = Arc::new(cache);
        accept_only_fresh_tokens(&cache, &login.user, |time| login.token(time));
        let refresh = tokio::spawn(refresh(cache.clone(), login.clone()));
        Self { cache, certificates, port, login, refresh, gateways: HashMap::new() }
    }

    /// Where the functions are that have these variables on top of the template's.
    async fn url(&mut self, variables: Variables) -> String {
        if !self.gateways.contains_key(variables) {
            let mut environment = stack(variables, self.port);
            environment.insert("REDIS_CA_CERT".to_owned(), self.certificates.authority());
            let url = environment["REDIS_URL"].clone();
            let environment: Vec<_> =
                environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let (plain, log) = (Invocations::Plain, Stdio::null);
            let gateway = Gateway::start_logging(plain, functions(), &url, &environment, log);
            self.gateways.insert(variables, gateway.await);
        }
        self.gateways[variables].url.clone()
    }

    /// Fails where the cache refused a command or a login, but for the name of the library, which the
    /// crate `redis` sends and does not need.
    fn assert_nothing_was_refused(&self) {
        let log = self.cache.command(&["ACL", "LOG"]);
        let lines: Vec<_> = log.lines().collect();
        let refused = lines.windows(3).filter(|part| part[0] == "object").map(|part| part[2]);
        let refused: Vec<_> = refused.filter(|object| *object != "client|setinfo").collect();
        assert!(refused.is_empty(), "{log}");
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.refresh.abort();
    }
}

/// A Redis as ElastiCache Serverless shows itself: a cluster with one node, known by its name, that
/// speaks TLS, gives users all channels, and evicts what has a time to live.
fn cache(certificates: &Certificates, port: u16) -> RedisServer {
    let bus = free_port().to_string();
    let mut options = certificates.redis_options(port);
    options.extend(
        [
            ["--cluster-enabled", "yes"],
            ["--cluster-port", &bus],
            // It names the port for TLS.
            ["--tls-cluster", "yes"],
            ["--cluster-announce-hostname", "localhost"],
            ["--cluster-preferred-endpoint-type", "hostname"],
            ["--acl-pubsub-default", "allchannels"],
            ["--maxmemory", "256mb"],
            ["--maxmemory-policy", "volatile-lru"],
        ]
        .as_flattened()
        .iter()
        .map(|word| (*word).to_owned()),
    );
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let redis = RedisServer::start_with(&options);
    redis.expect_ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    wait_until("the cluster is whole", || {
        redis.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    });
    redis
}

async fn refresh(cache: Arc<RedisServer>, login: IamLogin) {
    loop {
        tokio::time::sleep(REFRESH).await;
        accept_only_fresh_tokens(&cache, &login.user, |time| login.token(time));
    }
}

/// The variables of a stack that makes its cache, where the cache's address is the test's.
fn stack(more: Variables, port: u16) -> HashMap<String, String> {
    let with_tokens = more.iter().any(|(name, _)| *name == "AUTH_SECRET");
    let conditions: &[_] = match with_tokens {
        true => &["MakeCache", "MakeVpc", "InVpc", "WithTokens"],
        false => &["MakeCache", "MakeVpc", "InVpc"],
    };
    let mut variables = Stack::new(conditions, &[]).variables();
    let url = variables["REDIS_URL"].replace("made.example:6379", &format!("localhost:{port}"));
    variables.insert("REDIS_URL".to_owned(), url);
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_a_cache_like_elasticache_serverless() {
    let mut rehearsal = Rehearsal::start();
    testing::contract_in_turn!(async |variables| (rehearsal.url(variables).await, ()));
    rehearsal.assert_nothing_was_refused();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_script_and_a_renewed_login_are_not_noticed() {
    let mut rehearsal = Rehearsal::start();
    let api = Api::at(&rehearsal.url(&[]).await);
    let conversation = api.create().await;
    let mut source = EventSource::new(&api, &conversation);
    api.send(&conversation, "before").await;
    assert_eq!(source.next_happening().await.data["content"], "before");

    rehearsal.cache.expect_ok(&["SCRIPT", "FLUSH"]);
    for status in [201, 201] {
        assert_eq!(api.send_once(&conversation, "once", "key").await.status, status);
    }
    assert_eq!(source.next_happening().await.data["content"], "once");
    rehearsal.assert_nothing_was_refused();

    let IamLogin { user, .. } = &rehearsal.login;
    let token = |time: SystemTime| rehearsal.login.token(time);
    outdate_tokens(&rehearsal.cache, user, token).await;
    assert!(!rehearsal.cache.command(&["CLIENT", "KILL", "USER", user]).starts_with(":0"));
    api.send(&conversation, "after").await;
    assert_eq!(source.next_happening().await.data["content"], "after");
    assert_eq!(api.contents(&conversation).await, ["before", "once", "after"]);
    rehearsal.assert_nothing_was_refused();
}
