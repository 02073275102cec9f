//! Logging in to ElastiCache as an IAM identity: the password is a token that we sign ourselves.
//!
//! The token is a presigned request, `<cache>/?Action=connect&User=<user>…`, valid for 15 minutes:
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html>. Making
//! one takes no call to AWS. It is signed here: AWS's own crate for it would add 48 KB to each zipped
//! function.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::domain::timestamp;

/// The longest that ElastiCache lets a token be valid.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "elasticache";
/// What ends a signature's scope.
const SCOPE_END: &str = "aws4_request";

/// What SigV4 has escaped in a query: all but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who logs in to which cache, and what they sign with. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct IamLogin {
    /// The ElastiCache user's name, which for one that logs in by IAM is its id as well.
    pub user: String,
    /// The name of the serverless cache, or the id of the replication group.
    pub cache: String,
    /// The region that the cache is in.
    pub region: String,
    /// Whether the cache is a serverless one, which the token has to say.
    pub serverless: bool,
    /// What each token is signed with.
    pub credentials: SharedCredentials,
}

/// The credentials of the moment. Cloning it shares it: every later token is signed with what was set
/// last.
#[derive(Clone, Debug)]
pub struct SharedCredentials(Arc<RwLock<Credentials>>);

impl SharedCredentials {
    /// Begins with these.
    pub fn new(credentials: Credentials) -> Self {
        Self(Arc::new(RwLock::new(credentials)))
    }

    /// Returns what was set last.
    pub fn get(&self) -> Credentials {
        self.0.read().clone()
    }

    /// Sets the credentials that are valid from now on.
    pub fn set(&self, credentials: Credentials) {
        *self.0.write() = credentials;
    }
}

/// What AWS knows a caller by. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Credentials {
    /// Names the key; no secret.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// What temporary credentials come with, such as a function's.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl IamLogin {
    /// The password with which the user may log in until 15 minutes after `now`.
    ///
    /// Signature Version 4 of a request by its query, written out because AWS's own crate for it
    /// brings thirty others:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.
    pub fn token(&self, now: SystemTime) -> String {
        let time = basic_format(now);
        let day = &time[..8];
        let scope_parts = [day, self.region.as_str(), SERVICE, SCOPE_END];
        let scope = scope_parts.join("/");
        let credentials = self.credentials.get();
        let credential = format!("{}/{scope}", credentials.access_key_id);
        let life = TOKEN_LIFE.as_secs().to_string();
        let parameters = [
            ("Action", Some("connect")),
            ("ResourceType", self.serverless.then_some("ServerlessCache")),
            ("User", Some(&self.user)),
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(&credential)),
            ("X-Amz-Date", Some(&time)),
            ("X-Amz-Expires", Some(&life)),
            ("X-Amz-SignedHeaders", Some("host")),
            ("X-Amz-Security-Token", credentials.session_token.as_deref()),
        ];
        let mut by_name = parameters;
        by_name.sort_unstable();
        // ElastiCache keeps the names of caches in lower case, and the signature covers them.
        let host = self.cache.to_ascii_lowercase();
        let request = format!("GET\n/\n{}\nhost:{host}\n\nhost\n{}", query(&by_name), hash(""));
        let signed = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hash(&request));
        let secret = format!("AWS4{}", credentials.secret_access_key).into_bytes();
        let key = scope_parts.iter().fold(secret, |key, part| sign(&key, part));
        let signature = hexadecimal(&sign(&key, &signed));
        format!("{host}/?{}&X-Amz-Signature={signature}", query(&parameters))
    }
}

/// A time in the basic format of ISO 8601, as in `20250405T140100Z`.
fn basic_format(time: SystemTime) -> String {
    let extended = timestamp::format(time);
    let (to_the_second, _) = extended.split_once('.').unwrap_or((&extended, ""));
    to_the_second.replace(['-', ':'], "") + "Z"
}

fn query(parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        if !query.is_empty() {
            query.push('&');
        }
        query.extend([name, "="]);
        query.extend(utf8_percent_encode(value, ESCAPED));
    }
    query
}

fn hash(text: &str) -> String {
    hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
