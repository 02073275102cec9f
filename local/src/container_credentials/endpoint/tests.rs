use super::*;

fn endpoint(variables: &[(&str, &str)]) -> Result<Option<Endpoint>, String> {
    let value = |asked| variables.iter().find(|(name, _)| *name == asked);
    Endpoint::from_variables(|name| value(name).map(|(_, value)| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

fn url(endpoint: Option<Endpoint>) -> String {
    endpoint.map(|it| format!("{}{}", it.address, it.path)).unwrap_or_default()
}

#[test]
fn a_task_of_ecs_has_a_path_and_one_of_eks_a_url() {
    let ecs = endpoint(&[(RELATIVE_URI, "/v2/credentials/1"), (FULL_URI, "http://127.0.0.1/")]);
    assert_eq!(ecs.map(url), Ok("169.254.170.2:80/v2/credentials/1".to_owned()));
    for (uri, expected) in [
        ("http://169.254.170.23/v1/credentials", "169.254.170.23:80/v1/credentials"),
        ("http://[fd00:ec2::23]/v1/credentials", "[fd00:ec2::23]:80/v1/credentials"),
        ("http://localhost:1338/latest?a=b", "127.0.0.1:1338/latest?a=b"),
        ("http://[::1]:80", "[::1]:80/"),
    ] {
        assert_eq!(endpoint(&[(FULL_URI, uri)]).map(url), Ok(expected.to_owned()));
    }
    assert_eq!(endpoint(&[(RELATIVE_URI, ""), (FULL_URI, "")]), Ok(None));
}

#[test]
fn no_other_host_is_sent_the_authorization() {
    for uri in [
        "http://169.254.169.254/latest",
        "http://example.com/",
        "http://127.0.0.1@example.com/",
        "https://127.0.0.1/",
        "127.0.0.1/",
        "/v2",
    ] {
        let error = endpoint(&[(FULL_URI, uri), (TOKEN, "a-secret")]).unwrap_err();
        assert!(error.starts_with("AWS_CONTAINER_CREDENTIALS_FULL_URI must be"), "{error}");
        assert!(!error.contains("a-secret"), "{error}");
    }
    let error = endpoint(&[(RELATIVE_URI, "@example.com/")]).unwrap_err();
    assert!(error.starts_with("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be"), "{error}");
}

#[test]
fn the_file_of_the_authorization_goes_before_the_variable() {
    let uri = (RELATIVE_URI, "/");
    let authorization =
        |more: &[(&str, &str)]| endpoint(&[&[uri], more].concat()).unwrap().unwrap().authorization;
    assert_eq!(authorization(&[]), Authorization::None);
    assert_eq!(authorization(&[(TOKEN, "a")]), Authorization::Token("a".to_owned()));
    let both = authorization(&[(TOKEN, "a"), (TOKEN_FILE, "/f")]);
    assert_eq!(both, Authorization::File("/f".to_owned()));
}

#[test]
fn an_answer_is_read_as_aws_documents_it() {
    let answer = br#"{"RoleArn":"arn","AccessKeyId":"key","SecretAccessKey":"secret",
        "Token":"session","Expiration":"2016-02-25T06:03:31Z"}"#;
    let read = credentials(answer).unwrap();
    assert_eq!(read.credentials.access_key_id, "key");
    assert_eq!(read.credentials.session_token.as_deref(), Some("session"));
    let seconds = read.expiration.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(seconds.as_secs(), 1_456_380_211);
    for wrong in ["", "[]", "{\"AccessKeyId\":\"key\"}", "{\"code\":\"denied\",\"message\":\"no\"}"]
    {
        assert!(credentials(wrong.as_bytes()).is_none(), "{wrong}");
    }
}
