//! server/utilities/logging#security: no credentials and no other secrets in log messages.

use plumb_flows::auth::logs;
use plumb_flows::quiet::Quiet;
use plumb_runner::{Bench, Finding, Judgement, check, clip};
use serde_json::{Value, json};

use super::{Called, at, called, logged, plain};

/// Names of members, without case and punctuation, whose value is a secret whatever it looks like.
const NAMES: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "secretkey",
    "clientsecret",
    "apikey",
    "apisecret",
    "accesskey",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "bearertoken",
    "privatekey",
];

/// How names of members end, without case and punctuation, whose value is a secret if it looks like one: letters and
/// digits (`AWS_SECRET_ACCESS_KEY`, `db_password`).
const ENDINGS: [&str; 9] = [
    "password",
    "passphrase",
    "secretkey",
    "secretaccesskey",
    "clientsecret",
    "apikey",
    "accesstoken",
    "authtoken",
    "privatekey",
];

/// What stands in the place of a secret where none is told, and what is said about one.
const HARMLESS: [&str; 25] = [
    "redacted",
    "hidden",
    "masked",
    "removed",
    "filtered",
    "secret",
    "none",
    "null",
    "nil",
    "empty",
    "missing",
    "required",
    "invalid",
    "incorrect",
    "wrong",
    "expired",
    "unknown",
    "changed",
    "string",
    "password",
    "pass",
    "user",
    "true",
    "false",
    "present",
];

/// Forms of keys that their issuers made to be recognised: how they begin, and how many letters and digits follow.
const KEYS: [(&str, usize); 9] = [
    ("AKIA", 16),
    ("ghp_", 36),
    ("gho_", 36),
    ("ghs_", 36),
    ("github_pat_", 40),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("sk-", 32),
    ("AIza", 35),
];

check! {
    /// **Observed:** the log messages of tools that log, called at the level `debug`: none has a member such as `password`,
    /// `api_key` or `AWS_SECRET_ACCESS_KEY` with a value that is told, none a private key, a bearer token, a password in a
    /// URL or a key in the form of a known issuer, none repeats what was given as a password or token argument; and where the run has access tokens, none the token of
    /// its request. Values that are masked, and words about a value such as `invalid`, are none.
    ///
    /// **Why:** logs go to people and systems that are not trusted with secrets.
    ///
    /// **Fix:** log neither headers, tokens nor configuration, or blot the values out before.
    pub(crate) SECRETS = "logging.sec.credentials";
    since: "2025-03-26";
    applies: [Declares(Logging)];
    needs: [LoggingTool];
    scenario: secrets
}

async fn secrets(bench: &Bench) -> Judgement {
    for Called { name, seen, .. } in called(bench).await?.iter() {
        let judgement = seen.as_ref().map(told).map_err(Clone::clone);
        bench.case(&plain(name), format!("{name:?} at level debug"), judgement);
        let schema = bench.survey().tool(name).map(|tool| &tool["inputSchema"]);
        if let Some(argument) = schema.and_then(secret_argument) {
            let judgement = given(bench, name, &argument).await;
            let slug = format!("{}-given", plain(name));
            bench.case(&slug, format!("{name:?} with a secret of its caller's"), judgement);
        }
    }
    if bench.survey().protected {
        logs::of_requests(bench).await?;
    }
    bench.conclude()
}

fn told(seen: &plumb_runner::Observed) -> Finding {
    let mut any = false;
    for message in logged(seen) {
        any = true;
        if let Some(secret) = secret_in(&message["data"]) {
            return Finding::violated("no secrets in log messages", secret);
        }
    }
    if any { Finding::Held } else { Finding::unseen("the tool logged nothing", "log each time") }
}

/// Calls a tool that takes a password or token with one that is made up.
async fn given(bench: &Bench, name: &str, argument: &str) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let marker = format!("plumb-{}-Secret1", bench.fresh_id());
    let known = bench.survey().callable.iter().find(|c| c.tool["name"] == name);
    let mut arguments = known.map(|c| c.arguments.clone()).unwrap_or_default();
    arguments.insert(argument.to_owned(), json!(marker));
    let seen = quiet.control(at(&bench.call_of(name, Value::Object(arguments)), "debug")).await?;
    quiet.leave().await;
    let repeated = logged(&seen).find(|m| m.to_string().contains(&marker));
    Ok(match repeated {
        Some(message) => Finding::violated(
            format!("no log message with the value of {argument:?}"),
            clip(&message.to_string(), 240),
        ),
        None => told(&seen),
    })
}

/// An argument whose name says that its value is a secret.
fn secret_argument(schema: &Value) -> Option<String> {
    let free = |s: &Value| {
        s["type"] == "string" && ["enum", "pattern", "const"].iter().all(|k| s.get(*k).is_none())
    };
    let properties = schema.get("properties")?.as_object()?;
    properties.iter().find(|(name, s)| names_secret(name) && free(s)).map(|(name, _)| name.clone())
}

fn names_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    NAMES.contains(&plain.to_ascii_lowercase().as_str())
}

/// Whether a name ends as those of secrets do.
fn ends_secretly(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a value has letters and digits, and is no time.
fn looks_secret(value: &str) -> bool {
    let dated = value.get(..10).is_some_and(|d| d.bytes().filter(|b| *b == b'-').count() == 2);
    value.len() >= 6
        && !dated
        && value.chars().any(|c| c.is_ascii_digit())
        && value.chars().any(|c| c.is_ascii_alphabetic())
}

/// The password in a URL, if it is told.
fn in_url(word: &str) -> Option<&str> {
    let (_, rest) = word.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, password) = authority.rsplit_once('@')?.0.split_once(':')?;
    is_told(password).then_some(password)
}

/// The first secret that a log message tells, described without the most of it.
pub(crate) fn secret_in(data: &Value) -> Option<String> {
    match data {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().find_map(secret_in),
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let told = value.as_str().filter(|v| {
                is_told(v) && (names_secret(name) || (ends_secretly(name) && looks_secret(v)))
            });
            told.map(|v| format!("{name:?} is {}", blotted(v))).or_else(|| secret_in(value))
        }),
        _ => None,
    }
}

/// Whether a value is there to be read: no mask, no placeholder, no word about it.
fn is_told(value: &str) -> bool {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let varied = plain.chars().any(|c| !plain.starts_with(c));
    let hides = value.contains(['*', '•', '…', '<', '{', '[', '$']) || value.contains("...");
    let place = value.starts_with(['/', '.', '~']) || value.contains("://");
    let digest = ["sha256:", "sha1:", "hash:", "bcrypt:"].iter().any(|d| value.starts_with(d));
    plain.len() >= 4
        && varied
        && !hides
        && !place
        && !digest
        && !value.contains(char::is_whitespace)
        && !HARMLESS.contains(&plain.to_ascii_lowercase().as_str())
}

fn in_text(text: &str) -> Option<String> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key".into());
    }
    let words = || {
        text.split(|c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')' | '&' | '?')
        })
    };
    if let Some((scheme, value)) = words().zip(words().skip(1)).find(|(scheme, value)| {
        let scheme = scheme.trim_end_matches(':');
        ["bearer", "basic"].iter().any(|s| scheme.eq_ignore_ascii_case(s))
            && value.len() >= 16
            && value.chars().any(|c| c.is_ascii_digit())
            && is_told(value)
    }) {
        return Some(format!("{scheme} {}", blotted(value)));
    }
    if let Some(password) = words().find_map(in_url) {
        return Some(format!("a password in a URL, {}", blotted(password)));
    }
    let assigned = words().filter_map(|word| word.split_once('=')).find(|(name, value)| {
        let named = names_secret(name) || (ends_secretly(name) && looks_secret(value));
        named && is_told(value) && value.chars().any(|c| c.is_ascii_digit())
    });
    if let Some((name, value)) = assigned {
        return Some(format!("{name}={}", blotted(value)));
    }
    words()
        .map(|word| word.rsplit(['=', ':', '/']).next().unwrap_or(word))
        .find(|word| is_issued(word) || is_jwt(word))
        .map(|word| format!("a key, {}", blotted(word)))
}

/// Whether a word has the form of a key by which its issuer wants it to be found.
fn is_issued(word: &str) -> bool {
    KEYS.iter().any(|(begins, length)| {
        word.strip_prefix(begins).is_some_and(|rest| {
            let key =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            key.count() >= *length && is_told(rest)
        })
    })
}

/// Whether a word is a JSON Web Token: its first two parts are JSON objects in Base64.
fn is_jwt(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts[..2].iter().all(|p| p.starts_with("eyJ")) && parts[2].len() >= 16
}

/// A secret by its beginning: reports are no place for it either.
fn blotted(secret: &str) -> String {
    format!("{}… ({} characters)", clip(secret, 4).trim_end_matches('…'), secret.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_seen_wherever_they_stand() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE…\n-----END RSA PRIVATE KEY-----";
        let jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.{}", "a1".repeat(20));
        let github = format!("ghp_{}", "aB3".repeat(12));
        for data in [
            json!({"config": {"password": "hunter2"}}),
            json!([{"api_key": "k-81f0a77c"}]),
            json!({"clientSecret": "s3cr3t-value"}),
            json!({"text": pem}),
            json!("Authorization: Bearer 81f0a77c9d1e5f0c2b7a"),
            json!("connecting with user=ada password=hunter2"),
            json!(format!("got {jwt}")),
            json!(format!("token {github} used")),
            json!("key AKIAIOSFODNN7EXAMPLE"),
            json!({"env": {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}),
            json!({"db_password": "hunter2"}),
            json!("started with OPENAI_API_KEY=k81f0a77c9d1e"),
            json!("connecting to postgres://admin:hunter2@db.internal:5432/prod"),
        ] {
            assert!(secret_in(&data).is_some(), "{data}");
        }
    }

    #[test]
    fn words_about_secrets_are_none() {
        for data in [
            json!({"password": "********"}),
            json!({"password": "[REDACTED]"}),
            json!({"password": "is too short"}),
            json!({"password": "invalid"}),
            json!({"password": "${DB_PASSWORD}"}),
            json!({"api_key": null, "secret": true, "password": ""}),
            json!({"password": "xxxxxxxx"}),
            json!({"private_key": "/etc/tls/key1.pem", "secret": "the-name-of-a-k8s-secret"}),
            json!({"passwordResetEmail": "a@example.com", "token": "plumb-7", "cursor": "eyJhIjoxfQ"}),
            json!("the Bearer token has expired and the password=required field is missing"),
            json!("Bearer realm=\"example\""),
            json!("sk-learn was loaded, AKIA is a prefix"),
            json!("basic authentication-is-not-supported"),
            json!({"level": "info", "keys": ["private_key_path"]}),
            json!({"forgotPassword": "2026-01-02T03:04:05Z", "has_password": "yes1", "uses_api_key": "enabled"}),
            json!(
                "see https://user:password@example.com, http://a:***@b and mailto://x@example.com:8080/y1"
            ),
            json!({"AWS_ACCESS_KEY_ID_PRESENT": "true1", "aws_secret_access_key": "****************KEY1"}),
        ] {
            assert_eq!(secret_in(&data), None, "{data}");
        }
    }

    #[test]
    fn a_report_does_not_repeat_the_secret() {
        assert_eq!(
            secret_in(&json!({"password": "hunter2"})),
            Some("\"password\" is hunt… (7 characters)".into())
        );
    }
}
