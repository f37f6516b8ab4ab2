//! basic#meta: the trace context of OpenTelemetry that the server writes into `_meta`. Formats: W3C Trace Context and W3C
//! Baggage.

use plumb_runner::{Notes, Observed, check};
use plumb_wire::meta;
use serde_json::Value;

use super::meta_keys::{brought, written};

check! {
    /// **Observed:** every `traceparent` that the server writes into a `_meta` has the form of W3C Trace Context: version,
    /// trace id, parent id and flags in lower-case hexadecimal digits, joined by hyphens, neither id all zeroes. One that
    /// the request brought along is an echo of ours.
    ///
    /// **Why:** who cannot read it starts a new trace, and the spans of one request fall apart.
    ///
    /// **Fix:** have the propagator of a tracing library write it.
    pub(crate) TRACEPARENT = "base.meta.traceparent";
    passive: |seen, notes| {
        each(seen, notes, meta::TRACEPARENT, "version-trace id-parent id-flags", is_traceparent);
    }
}

check! {
    /// **Observed:** every `tracestate` that the server writes into a `_meta` is a list of at most 32 members `key=value`,
    /// separated by commas, of the characters that W3C Trace Context allows.
    ///
    /// **Why:** a list that cannot be read is dropped, with the members of all vendors.
    ///
    /// **Fix:** have the propagator of a tracing library write it.
    pub(crate) TRACESTATE = "base.meta.tracestate";
    passive: |seen, notes| {
        each(seen, notes, meta::TRACESTATE, "a list of `key=value`", is_tracestate);
    }
}

check! {
    /// **Observed:** every `baggage` that the server writes into a `_meta` is a list of members `key=value`, each perhaps
    /// with properties behind semicolons, separated by commas, of the characters that W3C Baggage allows.
    ///
    /// **Why:** a list that cannot be read is dropped as a whole.
    ///
    /// **Fix:** have the propagator of a tracing library write it, which encodes other characters in percent.
    pub(crate) BAGGAGE = "base.meta.baggage";
    passive: |seen, notes| {
        each(seen, notes, meta::BAGGAGE, "a list of `key=value;property`", is_baggage);
    }
}

fn each(
    seen: &Observed,
    notes: &mut Notes<'_>,
    key: &str,
    form: &str,
    is_well_formed: fn(&str) -> bool,
) {
    let own: Vec<&Value> = brought(seen).into_iter().filter_map(|m| m.get(key)).collect();
    let values = written(seen).into_iter().filter_map(|m| m.get(key));
    for value in values.filter(|value| !own.contains(value)) {
        let fits = value.as_str().is_some_and(is_well_formed);
        notes.expect(fits, format!("`{key}` of the form {form}"), || format!("`{key}` is {value}"));
    }
}

/// Trace Context section 3.2.2: later versions may have more behind the flags.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let named = |text: &str| text.bytes().any(|b| b != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags, rest @ ..] = parts.as_slice() else { return false };
    hex(version, 2)
        && *version != "ff"
        && (*version != "00" || rest.is_empty())
        && hex(trace, 32)
        && named(trace)
        && hex(parent, 16)
        && named(parent)
        && hex(flags, 2)
}

/// Trace Context section 3.3.1: empty members are allowed.
pub(crate) fn is_tracestate(text: &str) -> bool {
    let members: Vec<&str> =
        text.split(',').map(|m| m.trim_matches([' ', '\t'])).filter(|m| !m.is_empty()).collect();
    let is_key = |key: &str| {
        let inner = |b: u8| {
            b.is_ascii_lowercase()
                || b.is_ascii_digit()
                || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@')
        };
        let first = key.bytes().next();
        first.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && key.len() <= 256
            && key.bytes().all(inner)
    };
    let is_value = |value: &str| {
        let inner = |b: u8| matches!(b, b' '..=b'~') && b != b',' && b != b'=';
        !value.is_empty() && value.len() <= 256 && value.bytes().all(inner)
    };
    let is_member = |m: &&str| m.split_once('=').is_some_and(|(k, v)| is_key(k) && is_value(v));
    members.len() <= 32 && members.iter().all(is_member)
}

/// Baggage section 3.3.1.
pub(crate) fn is_baggage(text: &str) -> bool {
    let trim = |text: &'_ str| text.trim_matches([' ', '\t']).to_owned();
    let is_token = |text: &str| {
        let special = |b: u8| b"!#$%&'*+-.^_`|~".contains(&b);
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || special(b))
    };
    let is_value = |text: &str| {
        text.bytes().all(|b| matches!(b, b'!'..=b'~') && !matches!(b, b'"' | b',' | b';' | b'\\'))
    };
    let is_pair = |text: &str| {
        text.split_once('=').is_some_and(|(k, v)| is_token(&trim(k)) && is_value(&trim(v)))
    };
    let is_member = |member: &str| {
        let mut parts = member.split(';');
        parts.next().is_some_and(is_pair) && parts.all(|p| is_pair(p) || is_token(&trim(p)))
    };
    text.split(',').all(is_member)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use plumb_recorded::{holds, http, result};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_four_numbers() {
        assert!(is_traceparent(PARENT));
        assert!(is_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
        for bad in [
            "",
            "abc",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }

    #[test]
    fn lists_have_members_of_their_characters() {
        for good in
            ["", "a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a@b=x , 1c=y z", "a=1,,b=2"]
        {
            assert!(is_tracestate(good), "{good}");
        }
        for bad in ["a", "A=1", "=1", "a=", "a=1=2", "a=\u{e9}"] {
            assert!(!is_tracestate(bad), "{bad}");
        }
        for good in ["a=1", "key1=value1;p1;p2=v, k = v ;p", "a=", "userId=Am%C3%A9lie"] {
            assert!(is_baggage(good), "{good}");
        }
        for bad in ["", "a", "a b=1", "a=x y", "a=\"x\"", "a=1,", "a=1;p q", "a=\u{e9}"] {
            assert!(!is_baggage(bad), "{bad}");
        }
    }

    #[test]
    fn an_echo_of_ours_is_not_the_servers() {
        let seen = |sent: Value, came: Value| {
            let sent = json!({"_meta": {"traceparent": sent}});
            let came = result(json!({"_meta": {"traceparent": came}}));
            http("tools/list", sent, 200, &[came])
        };
        assert_eq!(holds(&TRACEPARENT, &seen(json!("plumb"), json!("plumb"))), None);
        assert_eq!(holds(&TRACEPARENT, &seen(json!("plumb"), json!("abc"))), Some(false));
        assert_eq!(holds(&TRACEPARENT, &seen(json!("plumb"), json!(1))), Some(false));
        assert_eq!(holds(&TRACEPARENT, &seen(json!("plumb"), json!(PARENT))), Some(true));
    }
}
