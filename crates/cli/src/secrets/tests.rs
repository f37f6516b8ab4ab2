use super::*;

/// What is left of a text once what a collector learnt is blotted.
fn left(learn: impl Fn(&mut Collector<'_>), text: &str) -> String {
    let secrets = Secrets::default();
    learn(&mut Collector::new(&secrets));
    secrets.blot_text(text)
}

#[test]
fn what_follows_a_scheme_is_a_secret_by_itself() {
    let bearer = |c: &mut Collector<'_>| c.header("Authorization", "Bearer abc-123-def");
    assert_eq!(left(bearer, "got abc-123-def"), "got [redacted TOKEN]");
    assert_eq!(left(bearer, "Bearer abc-123-def"), "Bearer [redacted TOKEN]");
    let key = |c: &mut Collector<'_>| c.header("X-Auth", "Key abc-123-def");
    assert_eq!(left(key, "got abc-123-def"), "got [redacted X_AUTH]");
}

#[test]
fn the_password_of_basic_is_a_secret_and_the_user_is_none() {
    // `alice:correct-horse`.
    let basic =
        |c: &mut Collector<'_>| c.header("Authorization", "Basic YWxpY2U6Y29ycmVjdC1ob3JzZQ==");
    assert_eq!(left(basic, "alice, correct-horse"), "alice, [redacted PASSWORD]");
    assert_eq!(left(basic, "YWxpY2U6Y29ycmVjdC1ob3JzZQ=="), "[redacted AUTHORIZATION]");
}

#[test]
fn cookies_and_parameters_are_secrets_one_by_one() {
    let cookies = |c: &mut Collector<'_>| c.header("Cookie", "sid=abcd-1; theme=dark-9");
    assert_eq!(left(cookies, "abcd-1 dark-9"), "[redacted SID] [redacted THEME]");
    let fields = |c: &mut Collector<'_>| c.header("X-Sig", "id=1234, secret=\"abcd-1\"");
    assert_eq!(left(fields, "1234 abcd-1"), "1234 [redacted SECRET]");
}

#[test]
fn what_everybody_may_know_of_a_header_stays() {
    for (name, value) in [("Accept", "application/json"), ("X-Debug", "true")] {
        assert_eq!(left(|c| c.header(name, value), value), value);
    }
}

#[test]
fn an_address_betrays_its_userinfo_and_its_keys() {
    let url = "https://alice:p%40ss-1@example.com/mcp?page=1234&access_token=abcd%2F1&x=5678";
    for text in [url, "https://alice:p%40ss-1@[malformed?access_token=abcd%2F1"] {
        let seen = |shown: &str| left(|c| c.url(text), shown);
        assert_eq!(seen("p@ss-1"), "[redacted PASSWORD, encoded]");
        assert_eq!(seen("alice example.com 1234 5678"), "alice example.com 1234 5678");
        assert_eq!(seen("abcd/1"), "[redacted ACCESS_TOKEN, encoded]");
        let shown = seen(text);
        assert!(!shown.contains("p%40ss-1") && !shown.contains("abcd%2F1"), "{shown}");
    }
}

fn launch(args: &[&str], env: &[(&str, &str)]) -> Launch {
    let mut words = args.iter().map(|word| (*word).to_owned());
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Launch {
        program: words.next().expect("a program"),
        args: words.collect(),
        env: env.collect(),
        ..Launch::default()
    }
}

#[test]
fn a_command_betrays_its_secrets() {
    let commands: [&[&str]; 8] = [
        &["node", "x.js", "--token", "abc-123-def"],
        &["node", "x.js", "--api-key=abc-123-def"],
        &["env", "DB_PASSWORD=abc-123-def", "node"],
        &["sh", "-c", "TOKEN='abc-123-def' exec node x.js"],
        &["mcp-remote", "--header", "Authorization: Bearer abc-123-def"],
        &["mcp-remote", "--header", "X-Api-Key:abc-123-def"],
        &["proxy", "https://example.com/?token=abc-123-def"],
        &["node", "--config", r#"{"a": {"apiKey": "abc-123-def"}}"#],
    ];
    for words in commands {
        let shown = left(|c| c.command(&launch(words, &[])), "abc-123-def");
        assert!(shown.starts_with("[redacted "), "{words:?}: {shown}");
    }
}

#[test]
fn a_command_keeps_what_betrays_nothing() {
    let words = [
        "node",
        "--max-tokens",
        "4096-of-them",
        "--port",
        "{port}",
        "--token",
        "{auth.issuer}",
        "--auth",
        "basic",
        "--password",
        "$PASSWORD_OF_MINE",
    ];
    let shown = words.join(" ");
    assert_eq!(left(|c| c.command(&launch(&words, &[])), &shown), shown);
}

#[test]
fn a_value_of_the_environment_is_a_secret_unless_it_is_an_ordinary_one() {
    let env = [
        ("SETTING", "x7-of-mine"),
        ("API_KEY", "abcd"),
        ("NODE_ENV", "production"),
        ("HOST", "127.0.0.1"),
        ("MODE", "a-longer-word"),
        ("SIZE", "123456789"),
        ("DB", "postgres://me:pa55@db.example/x"),
    ];
    let text = "x7-of-mine abcd production 127.0.0.1 a-longer-word 123456789 pa55";
    let told = "[redacted SETTING] [redacted API_KEY] production 127.0.0.1 a-longer-word 123456789 \
        [redacted PASSWORD]";
    assert_eq!(left(|c| c.command(&launch(&["node"], &env)), text), told);
}

#[test]
fn a_secret_without_a_value_is_an_error_that_does_not_repeat_it() {
    let secrets = Secrets::default();
    let mut collector = Collector::new(&secrets);
    let given = |text: &str| vec![text.to_owned()];
    let error = collector.given(&given("NO_SUCH_VARIABLE_HERE")).unwrap_err().to_string();
    assert!(error.contains("NO_SUCH_VARIABLE_HERE"), "{error}");
    let error = collector.given(&given("s3cr3t!by-mistake")).unwrap_err().to_string();
    assert!(!error.contains("s3cr3t") && error.contains("first"), "{error}");
    collector.given(&given("PIN=123")).expect("taken");
    assert!(collector.notes[0].starts_with("--secret PIN: under 4 bytes"), "{:?}", collector.notes);
}
