//! client/elicitation#form-mode-elicitation-requests and #requested-schema, over every exchange of the run.

use plumb_flows::words::sends_to_a_link;
use plumb_runner::{Notes, Observed, brief, check, sample};
use plumb_wire::schema::{Mismatch, part};
use serde_json::Value;

use super::{elicitations, fields, forms};

check! {
    /// **Observed:** every elicitation has a `message` that is a string.
    ///
    /// **Why:** the user has to know why the question is asked.
    ///
    /// **Fix:** say in a sentence what the input is for.
    pub(crate) MESSAGE = "elicit.server.message";
    since: "2025-11-25";
    passive: message
}

fn message(seen: &Observed, notes: &mut Notes<'_>) {
    for params in elicitations(seen) {
        notes.expect(params["message"].is_string(), "a `message`, as a string", || brief(params));
    }
}

check! {
    /// **Observed:** the `mode` of every elicitation that is not in URL mode is `form`, or absent.
    ///
    /// **Why:** a client shows nothing in a mode that it does not know.
    ///
    /// **Fix:** write `"mode": "form"`.
    pub(crate) MODE = "elicit.form.mode";
    since: "2025-11-25";
    passive: mode
}

fn mode(seen: &Observed, notes: &mut Notes<'_>) {
    for params in forms(seen) {
        let mode = params.get("mode");
        notes.expect(mode.is_none_or(|m| m == "form"), "the mode \"form\", or none", || {
            brief(params)
        });
    }
}

check! {
    /// **Observed:** every form has a `requestedSchema` that is an object.
    ///
    /// **Why:** the client builds the form from it.
    ///
    /// **Fix:** add the schema, even if the form has no field: `{"type": "object", "properties": {}}`.
    pub(crate) REQUESTED_SCHEMA = "elicit.form.requested-schema";
    since: "2025-11-25";
    passive: requested_schema
}

fn requested_schema(seen: &Observed, notes: &mut Notes<'_>) {
    for params in forms(seen) {
        notes.expect(
            params["requestedSchema"].is_object(),
            "a `requestedSchema`, as an object",
            || brief(params),
        );
    }
}

check! {
    /// **Observed:** every form is a flat object: its fields are strings, numbers, integers, booleans, or since 2025-11-25 lists
    /// of choices, each with titles, bounds and lengths of the types that the schema gives these; `required` names fields.
    ///
    /// **Why:** clients build forms of one level, and drop or refuse what is nested, or what they cannot read.
    ///
    /// **Fix:** ask for the members of a nested object one by one; write bounds and lengths as numbers.
    pub(crate) FLAT = "elicit.form.flat";
    since: "2025-06-18";
    passive: flat
}

fn flat(seen: &Observed, notes: &mut Notes<'_>) {
    for params in forms(seen) {
        let schema = &params["requestedSchema"];
        if schema.is_object() {
            notes.expect(schema["type"] == "object", "a schema of type \"object\"", || {
                brief(schema)
            });
            let required = schema.get("required").is_none_or(is_list_of_names);
            notes.expect(required, "a `required` that is an array of strings", || brief(schema));
        }
    }
    let lists = notes.edition.revision.as_str() >= WITH_LISTS;
    for (name, field) in fields(seen) {
        let kind = field["type"].as_str().unwrap_or_default();
        let primitive = ["string", "number", "integer", "boolean"].contains(&kind);
        let nested = field.get("properties").is_some() || field.get("$ref").is_some();
        let nests = ["object", "array"].iter().any(|k| field["items"]["type"] == *k);
        let list = lists && kind == "array" && !nests;
        let expected =
            if lists { "a primitive field, or a list of choices" } else { "a primitive field" };
        notes.expect((primitive || list) && !nested, expected, || {
            format!("{name:?}: {}", brief(field))
        });
        let unlike = part::form_field(field).into_iter().find(|m| SAID_OF_FIELDS.contains(&&*m.at));
        if let Some(Mismatch { at, expected, .. }) = unlike {
            let member = at.trim_start_matches('/');
            let came = format!("{name:?}: {}", brief(field));
            notes.breaks(format!("a field whose `{member}`, if it has one, is {expected}"), came);
        }
    }
}

fn is_list_of_names(value: &Value) -> bool {
    value.as_array().is_some_and(|names| names.iter().all(Value::is_string))
}

/// The first revision whose forms may have lists of choices.
const WITH_LISTS: &str = "2025-11-25";

/// What a field may say of itself beside its type, its format, its options and its default, which other checks judge.
const SAID_OF_FIELDS: [&str; 8] = [
    "/title",
    "/description",
    "/minLength",
    "/maxLength",
    "/minimum",
    "/maximum",
    "/minItems",
    "/maxItems",
];

check! {
    /// **Observed:** the `format` of a field is `email`, `uri`, `date` or `date-time`.
    ///
    /// **Why:** clients show and check these four, and may refuse a form with another.
    ///
    /// **Fix:** leave the format out, and say in the description what is wanted.
    pub(crate) FORMATS = "elicit.form.formats";
    since: "2025-06-18";
    passive: formats
}

fn formats(seen: &Observed, notes: &mut Notes<'_>) {
    for (name, field) in fields(seen) {
        let Some(format) = field.get("format") else { continue };
        let known = ["email", "uri", "date", "date-time"].iter().any(|f| format == *f);
        notes.expect(known, "email, uri, date or date-time", || {
            format!("{name:?} has the format {format}")
        });
    }
}

check! {
    /// **Observed:** a choice says what to choose from, in one of the four ways: `enum` of strings, `oneOf` with `const`
    /// and `title`, and for lists `items` with `enum` of strings or with `anyOf` of `const` and `title`.
    ///
    /// **Why:** a client cannot show a choice whose options it cannot read.
    ///
    /// **Fix:** write the options in one of these ways.
    pub(crate) ENUMS = "elicit.form.enums";
    since: "2025-11-25";
    passive: enums
}

fn enums(seen: &Observed, notes: &mut Notes<'_>) {
    for (name, field) in fields(seen) {
        let list = field["type"] == "array";
        if !list
            && field.get("enum").is_none()
            && field.get("oneOf").is_none()
            && field.get("anyOf").is_none()
        {
            continue;
        }
        let fits = if list {
            untitled(&field["items"]["enum"]) || titled(&field["items"]["anyOf"])
        } else {
            field["type"] == "string" && (untitled(&field["enum"]) || titled(&field["oneOf"]))
        };
        notes.expect(fits, "options in `enum`, `oneOf`, `items.enum` or `items.anyOf`", || {
            format!("{name:?}: {}", brief(field))
        });
    }
}

fn untitled(options: &Value) -> bool {
    options.as_array().is_some_and(|o| !o.is_empty() && o.iter().all(Value::is_string))
}

fn titled(options: &Value) -> bool {
    let option = |o: &Value| o["const"].is_string() && o["title"].is_string();
    options.as_array().is_some_and(|o| !o.is_empty() && o.iter().all(option))
}

check! {
    /// **Observed:** the `default` of a field is one that the field itself accepts.
    ///
    /// **Why:** a client puts it into the form, and the user who changes nothing gets an error.
    ///
    /// **Fix:** choose a default within the type, the range and the options.
    pub(crate) DEFAULTS = "elicit.form.defaults-valid";
    since: "2025-11-25";
    passive: defaults
}

fn defaults(seen: &Observed, notes: &mut Notes<'_>) {
    for (name, field) in fields(seen) {
        let Some(default) = field.get("default") else { continue };
        let Some(schema) = sample::validator(field) else { continue };
        notes.expect(schema.is_valid(default), "a default that the field accepts", || {
            format!("{name:?}: {}", brief(field))
        });
    }
}

check! {
    /// **Observed:** no message, title or description of a form sends the user to a link: written as one (Markdown, HTML), or
    /// an address that the sentence tells to visit. **Position:** an address that shows what an answer looks like
    /// (`e.g. https://example.com`) is not meant to be clicked.
    ///
    /// **Why:** users click links in what looks like a dialog of their own client.
    ///
    /// **Fix:** ask in URL mode, where the client shows the whole address and asks for consent.
    pub(crate) NO_CLICKABLE_URL = "elicit.form.no-clickable-url";
    since: "2025-11-25";
    passive: no_clickable_url
}

fn no_clickable_url(seen: &Observed, notes: &mut Notes<'_>) {
    let link = |v: &Value| v.as_str().is_some_and(sends_to_a_link);
    for params in forms(seen) {
        let schema = &params["requestedSchema"];
        let fields = schema["properties"].as_object().into_iter().flatten();
        let shown = [&params["message"], &schema["title"], &schema["description"]]
            .into_iter()
            .chain(fields.flat_map(|(_, field)| [&field["title"], &field["description"]]));
        let found = shown.into_iter().find(|v| link(v));
        notes.expect(found.is_none(), "no link to click in a form", || {
            found.map_or_else(String::new, brief)
        });
    }
}

#[cfg(test)]
mod tests {
    use plumb_runner::Check;
    use serde_json::json;

    use super::*;
    use plumb_recorded::{elicitation, holds};

    fn field(check: &Check, field: Value) -> Option<bool> {
        let schema = json!({"type": "object", "properties": {"a": field}});
        holds(check, &elicitation(json!({"message": "?", "requestedSchema": schema})))
    }

    #[test]
    fn legal_fields_are_told_from_illegal_ones() {
        for (check, legal, illegal) in [
            (&FLAT, json!({"type": "integer"}), json!({"type": "object", "properties": {}})),
            (
                &FLAT,
                json!({"type": "string", "title": "a", "minLength": 1, "maxLength": 2.0}),
                json!({"type": "string", "minLength": "1"}),
            ),
            (
                &FLAT,
                json!({"type": "number", "minimum": 0.5, "format": 1, "default": "x"}),
                json!({"type": "integer", "maximum": true}),
            ),
            (
                &FORMATS,
                json!({"type": "string", "format": "date"}),
                json!({"type": "string", "format": "phone"}),
            ),
            (
                &ENUMS,
                json!({"type": "string", "enum": ["a"]}),
                json!({"type": "string", "enum": [1]}),
            ),
            (
                &DEFAULTS,
                json!({"type": "integer", "maximum": 5, "default": 5}),
                json!({"type": "integer", "maximum": 5, "default": 6}),
            ),
            (
                &NO_CLICKABLE_URL,
                json!({"type": "string", "description": "e.g. https://example.com"}),
                json!({"type": "string", "description": "See https://example.com"}),
            ),
        ] {
            assert_eq!(field(check, legal), Some(true), "{}", check.id);
            assert_eq!(field(check, illegal), Some(false), "{}", check.id);
        }
    }

    #[test]
    fn what_is_required_is_a_list_of_names() {
        for (required, fits) in [(json!(["a"]), true), (json!("a"), false), (json!([1]), false)] {
            let schema = json!({"type": "object", "properties": {}, "required": required});
            let asked = elicitation(json!({"message": "?", "requestedSchema": schema}));
            assert_eq!(holds(&FLAT, &asked), Some(fits), "{required}");
        }
    }

    #[test]
    fn the_mode_may_be_left_out() {
        assert_eq!(holds(&MODE, &elicitation(json!({"message": "?"}))), Some(true));
        assert_eq!(
            holds(&MODE, &elicitation(json!({"mode": "dialog", "message": "?"}))),
            Some(false)
        );
        assert_eq!(holds(&MESSAGE, &elicitation(json!({"mode": "form"}))), Some(false));
    }
}
