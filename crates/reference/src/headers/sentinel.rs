//! Values that are Base64 between sentinels, as headers carry what they cannot say plainly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::rules::Rules;

/// The value of a header that may be Base64 in sentinels; `None` if it claims to be and is not.
pub(super) fn decode(header: &str, rules: &Rules, decoded: bool) -> Option<String> {
    const PREFIX: &str = "=?base64?";
    const SUFFIX: &str = "?=";
    let marked = |text: &str, prefix: &str| {
        text.len() >= prefix.len() + SUFFIX.len() && text.starts_with(prefix)
    };
    if !rules.sentinel_case_sensitive
        && header.to_ascii_lowercase().starts_with(PREFIX)
        && header.ends_with(SUFFIX)
    {
        return strict(&header[PREFIX.len()..header.len() - SUFFIX.len()]);
    }
    if !rules.sentinel_letters_exact
        && let Some(rest) = header.strip_prefix("=?Base64?")
        && let Some(base64) = rest.strip_suffix(SUFFIX)
    {
        return strict(base64);
    }
    if !rules.sentinel_needs_both_ends && header.starts_with(PREFIX) && !header.ends_with(SUFFIX) {
        return strict(&header[PREFIX.len()..]);
    }
    if !decoded || !marked(header, PREFIX) || !header.ends_with(SUFFIX) {
        return Some(header.to_owned());
    }
    let inner = &header[PREFIX.len()..header.len() - SUFFIX.len()];
    strict(inner).or_else(|| (!rules.sentinel_is_base64).then(|| from_hex(inner)).flatten())
}

fn from_hex(hex: &str) -> Option<String> {
    let pairs = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2));
    let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>();
    String::from_utf8(bytes?).ok()
}

fn strict(base64: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64).ok()?).ok()
}
