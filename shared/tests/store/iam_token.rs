//! The tokens for ElastiCache against those that botocore signs for the same inputs and time.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;
use shared::config::Config;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/iam_token.py");
const ADVICE: &str = "The tests need the Python of shared/testing/scripts/install_tools.sh: run local/test.sh, which \
    installs it into PARLEY_TOOLS";
const NOW: u64 = 1_743_775_260;
/// Made up, with every character that a secret or a session token may have.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION: &str = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDGV1+session/token==";

/// What a token is signed for.
#[derive(Clone, Copy)]
struct Case {
    user: &'static str,
    cache: &'static str,
    region: &'static str,
    serverless: bool,
    session_token: Option<&'static str>,
    now: u64,
}

const NODE_BASED: Case = Case {
    user: "parley",
    cache: "parley-cache",
    region: "eu-central-1",
    serverless: false,
    session_token: None,
    now: NOW,
};
const SERVERLESS: Case = Case { serverless: true, session_token: Some(SESSION), ..NODE_BASED };

/// What botocore 1.43.127 signs for [`NODE_BASED`], and for [`SERVERLESS`].
const NODE_BASED_TOKEN: &str = "parley-cache/?Action=connect&User=parley&X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=ASIAEXAMPLE%2F20250404%2Feu-central-1%2Felasticache%2Faws4_request\
    &X-Amz-Date=20250404T140100Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=0073312b26dfa44376f951ab158e22dc312901ce4cccbe02d7bd49f6c8f035b1";
const SERVERLESS_TOKEN: &str = "parley-cache/?Action=connect&ResourceType=ServerlessCache&User=parley\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=ASIAEXAMPLE%2F20250404%2Feu-central-1%2Felasticache%2Faws4_request\
    &X-Amz-Date=20250404T140100Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaDGV1%2Bsession%2Ftoken%3D%3D\
    &X-Amz-Signature=18dd343ac3200ace61f3527d8c792be34362004c733203e2fc394ea6a9429f20";

/// Ours, as a function makes it of its environment.
fn token(case: &Case) -> String {
    let variable = |name| match name {
        "REDIS_URL" => Some("rediss://cache.example:6379"),
        "REDIS_IAM_USER" => Some(case.user),
        "REDIS_IAM_CACHE" => Some(case.cache),
        "REDIS_IAM_SERVERLESS" => case.serverless.then_some("true"),
        "AWS_REGION" => Some(case.region),
        "AWS_ACCESS_KEY_ID" => Some("ASIAEXAMPLE"),
        "AWS_SECRET_ACCESS_KEY" => Some(SECRET),
        "AWS_SESSION_TOKEN" => case.session_token,
        _ => None,
    };
    let config = Config::from_variables(|name| variable(name).map(str::to_owned)).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(case.now);
    config.redis.unwrap().iam.unwrap().token(now)
}

/// The Python that shared/testing/scripts/install_tools.sh installs; the SAM CLI brings it botocore.
fn python() -> PathBuf {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let tools = folder("PARLEY_TOOLS").or_else(|| {
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
        Some(cache.join("parley/tools"))
    });
    tools.expect(ADVICE).join("bin/python")
}

fn botocore(cases: &[Case]) -> Vec<String> {
    let mut command = Command::new(python());
    command.arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {:?}: {error}. {ADVICE}", python()));
    let mut input = process.stdin.take().unwrap();
    for case in cases {
        let case = json!({
            "user": case.user,
            "cache": case.cache,
            "region": case.region,
            "serverless": case.serverless,
            "access_key": "ASIAEXAMPLE",
            "secret_key": SECRET,
            "session_token": case.session_token,
            "now": case.now,
        });
        writeln!(input, "{case}").expect(ADVICE);
    }
    drop(input);
    let mut output = String::new();
    process.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(process.wait().unwrap().success(), "{SCRIPT} failed. {ADVICE}");
    output.lines().map(str::to_owned).collect()
}

#[test]
fn a_token_is_byte_for_byte_what_botocore_signs() {
    let users = ["parley", "par ley", "a+b&c=d/e?f#g%20h", "~._-", "Üser名", "\"'()*!:;,@$"];
    let mut cases = Vec::new();
    for user in users {
        for serverless in [false, true] {
            for session_token in [None, Some(SESSION)] {
                cases.push(Case { user, serverless, session_token, ..NODE_BASED });
            }
        }
    }
    // A day's first and last second, a leap day, another region and cache.
    for now in [1_743_724_800, 1_743_811_199, 1_709_208_000] {
        cases.push(Case { now, region: "us-gov-west-1", cache: "a", ..SERVERLESS });
    }
    let expected = botocore(&cases);
    assert_eq!(expected.len(), cases.len());
    for (case, expected) in cases.iter().zip(expected) {
        assert_eq!(token(case), expected);
    }
}

#[test]
fn a_token_is_the_same_as_ever() {
    assert_eq!(token(&NODE_BASED), NODE_BASED_TOKEN);
    assert_eq!(token(&SERVERLESS), SERVERLESS_TOKEN);
}

#[test]
fn a_caches_name_is_signed_in_lower_case() {
    assert_eq!(token(&Case { cache: "Parley-Cache", ..SERVERLESS }), token(&SERVERLESS));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn signing_logs_nothing_at_any_level() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::trace!("this is logged");
        token(&SERVERLESS);
    });
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(logged.lines().count(), 1, "{logged}");
}
