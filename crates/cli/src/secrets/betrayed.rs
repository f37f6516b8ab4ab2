//! Names that betray a secret.

/// Words that a secret is called by.
const WORDS: [&str; 17] = [
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "session",
    "sig",
    "token",
];

/// Endings of words that are written without a border, such as `authtoken`.
const ENDINGS: [&str; 5] = ["key", "passwd", "password", "secret", "token"];

/// Last words of names that speak about a secret and do not hold one.
const ABOUT: [&str; 26] = [
    "alg",
    "algorithm",
    "audience",
    "count",
    "dir",
    "endpoint",
    "expiry",
    "file",
    "host",
    "issuer",
    "length",
    "lifetime",
    "limit",
    "method",
    "mode",
    "path",
    "port",
    "scope",
    "scopes",
    "server",
    "size",
    "sock",
    "timeout",
    "ttl",
    "type",
    "uri",
];

/// Whether what goes by this name is a secret.
pub(super) fn betrays(name: &str) -> bool {
    // No name is so long, and none has spaces.
    if name.len() > 64 || name.contains(char::is_whitespace) {
        return false;
    }
    let words = words(name);
    let about = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()) || last == "url");
    !about && words.iter().any(|word| is_secret(word))
}

fn is_secret(word: &str) -> bool {
    let borderless = ENDINGS.iter().any(|ending| word.ends_with(ending)) && !is_english(word);
    WORDS.contains(&word) || borderless
}

/// Words that end as the name of a secret does.
fn is_english(word: &str) -> bool {
    ["donkey", "hockey", "jockey", "monkey", "turkey", "whiskey"].contains(&word)
}

/// The words of a name, in small letters: `apiKey`, `API_KEY` and `api-key` are two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small_before = false;
    for c in name.chars() {
        let begins = c.is_ascii_uppercase() && small_before;
        if begins || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        small_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_betray_them_and_names_of_other_things_do_not() {
        let secret = [
            "token",
            "--api-key",
            "apiKey",
            "API_KEY",
            "access_token",
            "PGPASSWORD",
            "db.password",
            "X-Api-Key",
            "SESSION_ID",
            "Authorization",
            "client_secret",
            "Cookie",
            "OPENAI_APIKEY",
            "authtoken",
            "SECRET_KEY_BASE",
        ];
        let other = [
            "max_tokens",
            "tokenizer",
            "author",
            "monkey",
            "--port",
            "keyboard",
            "TOKEN_ENDPOINT",
            "auth-issuer",
            "jwks_uri",
            "key-file",
            "passive",
            "assess",
            "SSH_AUTH_SOCK",
            "AUTH_URL",
            "a key",
            "",
        ];
        assert_eq!(secret.into_iter().find(|name| !betrays(name)), None);
        assert_eq!(other.into_iter().find(|name| betrays(name)), None);
    }
}
