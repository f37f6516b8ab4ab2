//! client/elicitation#user-interaction-model: secrets go to a page, never through the client.

use plumb_runner::{Notes, Observed, brief, check};
use serde_json::Value;

use super::{fields, urls};

/// What secrets are called, in letters and digits alone. Words that also stand for something harmless (token, key,
/// PIN) count only in company.
const SECRETS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesstoken",
    "refreshtoken",
    "secretkey",
    "clientsecret",
    "privatekey",
    "creditcard",
    "cardnumber",
    "cvv",
    "cvc",
    "bearertoken",
];

check! {
    /// **Observed:** no form of the run has a field for text whose name or title says that it is a password, an API
    /// key, an access token or the number of a payment card.
    ///
    /// **Why:** what is entered into a form passes through the client, its log and perhaps its model.
    ///
    /// **Fix:** send the user to a page of the server, in URL mode.
    pub(crate) NO_FORM_SECRETS = "elicit.sec.no-form-secrets";
    passive: no_form_secrets
}

fn no_form_secrets(seen: &Observed, notes: &mut Notes<'_>) {
    for (name, field) in fields(seen) {
        notes.expect(!asks_for_secret(name, field), "no field for a secret", || {
            format!("{name:?}: {}", brief(field))
        });
    }
}

check! {
    /// **Observed:** whatever asks for a secret (a message or a field that names a password, an API key, an access
    /// token or a payment card) does so in URL mode.
    ///
    /// **Why:** URL mode is the only one in which the client never sees what is entered.
    ///
    /// **Fix:** ask in URL mode; refuse with -32021 if the client does not declare it.
    pub(crate) URL_FOR_SECRETS = "elicit.sec.url-for-secrets";
    fact: "elicit.sec.no-form-secrets";
    passive: url_for_secrets
}

fn url_for_secrets(seen: &Observed, notes: &mut Notes<'_>) {
    for (name, field) in fields(seen).filter(|(n, f)| asks_for_secret(n, f)) {
        notes.breaks(
            "a secret asked for in URL mode",
            format!("a form with {name:?}: {}", brief(field)),
        );
    }
    for params in urls(seen) {
        if params["message"].as_str().is_some_and(names_secret) {
            notes.fits();
        }
    }
}

fn asks_for_secret(name: &str, field: &Value) -> bool {
    let free =
        field["type"] == "string" && field.get("enum").is_none() && field.get("oneOf").is_none();
    free && (names_secret(name) || field["title"].as_str().is_some_and(names_secret))
}

fn names_secret(text: &str) -> bool {
    let bare: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // The hint, the label or the policy of a password is no password.
    let about = ["hint", "length", "label", "policy", "name", "count", "id", "question", "expiry"];
    SECRETS.iter().any(|s| bare.contains(s)) && !about.iter().any(|a| bare.ends_with(a))
}
