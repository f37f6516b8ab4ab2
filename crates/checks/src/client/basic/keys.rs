//! basic#meta: the keys that a client writes into `_meta`, and the trace context among them.

use plumb_runner::client::Received;
use plumb_runner::{Check, Marks, check};
use plumb_wire::meta::{self, Key, KeyError};
use serde_json::Value;

use crate::server::basic::meta_keys::{DEFINED, is_reversed};
use crate::server::basic::trace_context::{is_baggage, is_traceparent, is_tracestate};

pub(super) const CHECKS: &[&Check] = &[
    &PREFIX_SYNTAX,
    &LABEL_SYNTAX,
    &NAME_SYNTAX,
    &REVERSE_DNS,
    &RESERVED_PREFIX,
    &TRACEPARENT,
    &TRACESTATE,
    &BAGGAGE,
];

/// The keys of the `_meta` of a request.
fn keys(received: &Received) -> impl Iterator<Item = &str> {
    let meta = received.param("_meta").and_then(Value::as_object);
    meta.into_iter().flat_map(|meta| meta.keys().map(String::as_str))
}

/// Judges each key that has a prefix by what keeps it from being one.
fn each(received: &Received, marks: &mut Marks, form: &str, is_bad: fn(&KeyError) -> bool) {
    for key in keys(received).filter(|key| key.contains('/')) {
        let fits = Key::parse(key).err().is_none_or(|error| !is_bad(&error));
        marks.expect(fits, form, || format!("key {key:?}"));
    }
}

check! {
    /// **Observed:** the prefix of every key in the `_meta` of a request is a series of labels separated by dots.
    ///
    /// **Why:** a malformed prefix belongs to no namespace, and collides with others.
    ///
    /// **Fix:** write `com.example/key`, or no slash at all.
    pub(crate) PREFIX_SYNTAX = "base.meta.prefix-syntax";
    received: |received, marks| {
        each(received, marks, "labels separated by dots", |e| matches!(e, KeyError::EmptyLabel));
    }
}

check! {
    /// **Observed:** each label of a prefix starts with a letter, ends with a letter or digit, and holds letters, digits
    /// and hyphens.
    ///
    /// **Why:** validators on the way reject or drop other keys.
    ///
    /// **Fix:** use the labels of a domain name of yours.
    pub(crate) LABEL_SYNTAX = "base.meta.label-syntax";
    received: |received, marks| {
        each(received, marks, "labels of letters, digits and inner hyphens that start with a letter", |e| {
            matches!(e, KeyError::LabelStart(_) | KeyError::LabelEnd(_) | KeyError::LabelCharacter(..))
        });
    }
}

check! {
    /// **Observed:** what follows the prefix begins and ends with a letter or a digit, and holds letters, digits, hyphens,
    /// underscores and dots.
    ///
    /// **Why:** validators on the way reject or drop other keys.
    ///
    /// **Fix:** choose another name.
    pub(crate) NAME_SYNTAX = "base.meta.name-syntax";
    received: name_syntax
}

fn name_syntax(received: &Received, marks: &mut Marks) {
    for key in keys(received) {
        let bad =
            matches!(Key::parse(key), Err(KeyError::NameEdge(_) | KeyError::NameCharacter(..)));
        marks.expect(!bad, "a name that begins and ends with a letter or digit", || {
            format!("key {key:?}")
        });
    }
}

check! {
    /// **Observed:** prefixes are domain names in reverse. Reported are prefixes of a single label, and those that end like
    /// a domain name and do not begin like a reversed one (`example.com/`).
    ///
    /// **Why:** who owns the domain owns the namespace; otherwise two vendors choose the same key.
    ///
    /// **Fix:** write `com.example/key` rather than `example.com/key`.
    pub(crate) REVERSE_DNS = "base.meta.reverse-dns";
    received: reverse_dns
}

fn reverse_dns(received: &Received, marks: &mut Marks) {
    for key in keys(received) {
        let Some(reversed) = is_reversed(key) else { continue };
        marks.expect(reversed, "a prefix in reverse DNS notation", || format!("key {key:?}"));
    }
}

check! {
    /// **Observed:** keys with a reserved prefix (second label `modelcontextprotocol` or `mcp`) are ones that the
    /// specification or an official extension defines. Where the request declares an extension other than tasks and
    /// applications, unknown keys are passed over: it may define them.
    ///
    /// **Why:** a later revision can give the key a meaning that servers act upon.
    ///
    /// **Fix:** put your keys under a domain of yours.
    pub(crate) RESERVED_PREFIX = "base.meta.reserved-prefix";
    received: reserved_prefix
}

fn reserved_prefix(received: &Received, marks: &mut Marks) {
    /// Extensions whose keys are known.
    const KNOWN: [&str; 2] = ["io.modelcontextprotocol/tasks", "io.modelcontextprotocol/ui"];
    let declared = received.meta(meta::CLIENT_CAPABILITIES).and_then(|all| all.get("extensions"));
    let declared = declared.and_then(Value::as_object);
    let extended =
        declared.is_some_and(|all| all.keys().any(|name| !KNOWN.contains(&name.as_str())));
    for key in keys(received) {
        if !Key::parse(key).is_ok_and(|parsed| parsed.is_reserved()) {
            continue;
        }
        let defined = DEFINED.contains(&key);
        if defined || !extended {
            marks.expect(defined, "a reserved key that is defined", || format!("key {key:?}"));
        }
    }
}

check! {
    /// **Observed:** a `traceparent` in the `_meta` of a request has the form of W3C Trace Context.
    ///
    /// **Why:** who cannot read it starts a new trace, and the spans of one request fall apart.
    ///
    /// **Fix:** have the propagator of a tracing library write it.
    pub(crate) TRACEPARENT = "base.meta.traceparent";
    received: |received, marks| traced(received, marks, meta::TRACEPARENT, is_traceparent)
}

check! {
    /// **Observed:** a `tracestate` in the `_meta` of a request is a list of at most 32 members `key=value`.
    ///
    /// **Why:** a list that cannot be read is dropped, with the members of all vendors.
    ///
    /// **Fix:** have the propagator of a tracing library write it.
    pub(crate) TRACESTATE = "base.meta.tracestate";
    received: |received, marks| traced(received, marks, meta::TRACESTATE, is_tracestate)
}

check! {
    /// **Observed:** a `baggage` in the `_meta` of a request is a list of members `key=value`, each perhaps with properties.
    ///
    /// **Why:** a list that cannot be read is dropped as a whole.
    ///
    /// **Fix:** have the propagator of a tracing library write it, which encodes other characters in percent.
    pub(crate) BAGGAGE = "base.meta.baggage";
    received: |received, marks| traced(received, marks, meta::BAGGAGE, is_baggage)
}

fn traced(received: &Received, marks: &mut Marks, key: &str, is_well_formed: fn(&str) -> bool) {
    let Some(value) = received.meta(key) else { return };
    let fits = value.as_str().is_some_and(is_well_formed);
    marks.expect(fits, format!("`{key}` of the form of its standard"), || {
        format!("`{key}` is {value}")
    });
}
