//! client/elicitation#user-interaction-model: secrets go to a page, never through the client.

use plumb_flows::words::{head_of, wanted};
use plumb_runner::{Notes, Observed, brief, check};
use serde_json::Value;

use super::{forms, urls};

/// What grants access or authorises payments, in the words by which it is asked for. Words that also stand for something
/// harmless (token, key, PIN) count only in company.
const SECRETS: [&str; 24] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "api key",
    "apikey",
    "api token",
    "api secret",
    "access token",
    "accesstoken",
    "refresh token",
    "bearer token",
    "auth token",
    "authentication token",
    "secret key",
    "secret access key",
    "client secret",
    "private key",
    "credit card number",
    "creditcard number",
    "debit card number",
    "card verification code",
    "cvv",
    "cvc",
];

check! {
    /// **Observed:** no form of the run asks for a password, an API key, an access token or the number of a payment card
    /// in so many words: by the title of a field for text, by its name where it has no title, by its `format`, or by a
    /// sentence of the description or the message that tells the user to enter one. **Position:** a word within a name
    /// is no request: `password_reset_email`, `private_key_path` and the hint to a password are none.
    ///
    /// **Why:** what is entered into a form passes through the client, its log and perhaps its model.
    ///
    /// **Fix:** send the user to a page of the server, in URL mode.
    pub(crate) NO_FORM_SECRETS = "elicit.sec.no-form-secrets";
    since: "2025-06-18";
    passive: no_form_secrets
}

fn no_form_secrets(seen: &Observed, notes: &mut Notes<'_>) {
    for params in forms(seen) {
        match asked(params) {
            Some(what) => notes.breaks("no form that asks for a secret", what),
            None => notes.fits(),
        }
    }
}

check! {
    /// **Observed:** whatever asks for a password, an API key, an access token or a payment card, in so many words, does so
    /// in URL mode.
    ///
    /// **Why:** URL mode is the only one in which the client never sees what is entered.
    ///
    /// **Fix:** ask in URL mode; refuse with -32021 if the client does not declare it.
    pub(crate) URL_FOR_SECRETS = "elicit.sec.url-for-secrets";
    since: "2025-11-25";
    fact: "elicit.sec.no-form-secrets";
    passive: url_for_secrets
}

fn url_for_secrets(seen: &Observed, notes: &mut Notes<'_>) {
    for what in forms(seen).filter_map(asked) {
        notes.breaks("a secret asked for in URL mode", format!("a form: {what}"));
    }
    for params in urls(seen) {
        if params["message"].as_str().is_some_and(|text| SECRETS.iter().any(|s| wanted(text, s))) {
            notes.fits();
        }
    }
}

/// The words by which a form asks for a secret, if it does.
fn asked(form: &Value) -> Option<String> {
    let fields = form.pointer("/requestedSchema/properties").and_then(Value::as_object)?;
    let mut free = fields.iter().filter(|(_, field)| takes_text(field)).peekable();
    let first = free.peek().map(|(name, _)| (*name).clone())?;
    if let Some((name, field)) = free.find(|(name, field)| is_secret(name, field)) {
        return Some(format!("{name:?}: {}", brief(field)));
    }
    let message = form["message"].as_str()?;
    SECRETS
        .iter()
        .any(|secret| wanted(message, secret))
        .then(|| format!("{message:?} with the field {first:?}"))
}

/// Whether a field takes any text.
fn takes_text(field: &Value) -> bool {
    field["type"] == "string" && field.get("enum").is_none() && field.get("oneOf").is_none()
}

fn is_secret(name: &str, field: &Value) -> bool {
    // What has a format of its own is an address or a date, whatever it is called.
    if field.get("format").is_some_and(|format| format != "password") {
        return false;
    }
    let label = field["title"].as_str().unwrap_or(name);
    let told = field["description"].as_str().unwrap_or_default();
    field["format"] == "password"
        || SECRETS.iter().any(|secret| head_of(label, secret) || wanted(told, secret))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(message: &str, name: &str, field: Value) -> Value {
        json!({"message": message, "requestedSchema": {"type": "object", "properties": {name: field}}})
    }

    #[test]
    fn a_form_that_asks_for_a_secret_in_so_many_words_is_found() {
        let text = || json!({"type": "string"});
        for asks in [
            form("Log in.", "password", text()),
            form("Log in.", "apiKey", text()),
            form("Log in.", "value", json!({"type": "string", "title": "Your password"})),
            form(
                "Log in.",
                "value",
                json!({"type": "string", "title": "API key (from the dashboard)"}),
            ),
            form(
                "Log in.",
                "value",
                json!({"type": "string", "title": "GitHub access token for the bot"}),
            ),
            form(
                "Log in.",
                "value",
                json!({"type": "string", "description": "Enter your passphrase."}),
            ),
            form("Log in.", "value", json!({"type": "string", "format": "password"})),
            form("Please enter your API key.", "value", text()),
            form("Pay now.", "cvc", text()),
            form("Please provide the private key for the server.", "pem", text()),
        ] {
            assert!(asked(&asks).is_some(), "{asks}");
        }
    }

    #[test]
    fn a_word_within_a_name_is_no_secret() {
        let text = || json!({"type": "string"});
        for harmless in [
            form("Fill in.", "password_reset_email", text()),
            form(
                "Fill in.",
                "password_reset_email",
                json!({"type": "string", "format": "email", "title": "Password"}),
            ),
            form("Fill in.", "private_key_path", text()),
            form("Fill in.", "recvChannel", text()),
            form("Fill in.", "password_hint", text()),
            form("Fill in.", "passwordPolicy", text()),
            form("Fill in.", "api_key_name", text()),
            form(
                "Fill in.",
                "note",
                json!({"type": "string", "description": "Never enter your password here."}),
            ),
            form("Fill in.", "note", json!({"type": "string", "title": "Forgot password"})),
            form(
                "Fill in.",
                "note",
                json!({"type": "string", "title": "Notes on the access token policy"}),
            ),
            form("We will never ask for your password.", "name", text()),
            form("Enter your e-mail to reset the password.", "email", text()),
            form("Please enter the name of the API key.", "name", text()),
            form("Change the password?", "ok", json!({"type": "boolean", "title": "Password"})),
            form("Please enter your API key.", "ok", json!({"type": "boolean"})),
        ] {
            assert!(asked(&harmless).is_none(), "{harmless}");
        }
    }
}
