//! The forms in which programs write a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// The value of HTTP Basic for a user with this password.
pub(crate) fn basic(password: &str) -> String {
    STANDARD.encode(format!("alice:{password}"))
}

/// What a hostile server writes.
pub(crate) fn written(secret: &str) -> Vec<String> {
    let json = json(secret);
    let percent = |kept: fn(u8) -> bool| -> String {
        let byte = |b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        secret.bytes().map(byte).collect()
    };
    let mut all = vec![
        secret.to_owned(),
        json.clone(),
        json.replace('/', "\\/"),
        secret
            .encode_utf16()
            .flat_map(|u| format!("\\u{u:04x}").into_bytes())
            .map(char::from)
            .collect(),
        percent(|b| b.is_ascii_alphanumeric()),
        percent(|_| false),
        percent(|_| false).to_lowercase(),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
    ];
    for before in ["", "x", "xy"] {
        all.push(STANDARD.encode(format!("{before}{secret}")));
        all.push(URL_SAFE.encode(format!("{before}{secret} and more")));
    }
    all
}

/// What must be found nowhere: of Base64 what the secret alone decides.
pub(crate) fn telling(secret: &str) -> Vec<String> {
    let (plain, encoded) =
        written(secret).into_iter().enumerate().partition::<Vec<_>, _>(|(n, _)| *n < 8);
    let mut all: Vec<String> = plain.into_iter().map(|(_, form)| form).collect();
    let inner = secret.len() * 8 / 6 - 1;
    all.extend(encoded.into_iter().enumerate().map(|(n, (_, form))| {
        let first = (n / 2 * 8usize).div_ceil(6);
        form[first..first + inner].to_owned()
    }));
    // Evidence that is laid out is escaped once more.
    all.push(json(&json(secret)));
    all
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("serialises");
    quoted[1..quoted.len() - 1].to_owned()
}
