//! Logging in to ElastiCache as an IAM identity: the password is a token that we sign ourselves.
//!
//! The token is a presigned request, `<cache>/?Action=connect&User=<user>…`, valid for 15 minutes:
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html>. Nothing is asked of AWS
//! to make one. [`renewal`] hands them to connections.

pub mod renewal;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::subscriber::{NoSubscriber, with_default};

/// The longest that ElastiCache lets a token be valid.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// What SigV4 has escaped in a query: all but the unreserved characters of RFC 3986.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why no token could be signed; it holds nothing secret.
pub type SigningError = Box<dyn std::error::Error + Send + Sync>;

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
    /// The function's own credentials.
    pub credentials: Credentials,
}

impl IamLogin {
    /// The password with which the user may log in until 15 minutes after `now`.
    pub fn token(&self, now: SystemTime) -> Result<String, SigningError> {
        // ElastiCache keeps the names of caches in lower case, and the signature covers them.
        let mut token = format!("{}/?Action=connect", self.cache.to_ascii_lowercase());
        if self.serverless {
            add(&mut token, "ResourceType", "ServerlessCache");
        }
        add(&mut token, "User", &self.user);

        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(TOKEN_LIFE);
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("elasticache")
            .time(now)
            .settings(settings)
            .build()?
            .into();
        let url = format!("http://{token}");
        let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::empty())?;
        // At the level trace aws-sigv4 logs what it signs, and with it the session token.
        let signed = with_default(NoSubscriber::default(), || sign(request, &parameters))?;

        let (_, mut signature) = signed.into_parts().0.into_parts();
        // A presigned URL ends in the signature; aws-sigv4 gives the session token after it.
        signature.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
        for (name, value) in signature {
            add(&mut token, name, &value);
        }
        Ok(token)
    }
}

fn add(token: &mut String, name: &str, value: &str) {
    token.extend(["&", name, "="]);
    token.extend(utf8_percent_encode(value, ESCAPED));
}
