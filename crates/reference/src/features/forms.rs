//! The forms that the server shows.

use serde_json::{Value, json};

use crate::server::Server;

/// A form with one text field.
pub(crate) fn one_field(name: &str, title: &str) -> Value {
    json!({
        "type": "object",
        "properties": { name: { "type": "string", "title": title, "minLength": 1 } },
        "required": [name],
    })
}

/// A form with every kind of field that the specification knows.
pub(crate) fn every_kind(server: &Server) -> Value {
    let rules = &server.rules;
    let mut form = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "title": "Name", "minLength": 1, "maxLength": 60, "default": "Ada" },
            "email": { "type": "string", "format": "email", "default": "ada@example.com" },
            "homepage": { "type": "string", "format": "uri" },
            "birthday": { "type": "string", "format": "date" },
            "meeting": { "type": "string", "format": "date-time" },
            "age": { "type": "integer", "minimum": 0, "maximum": 150, "default": 36 },
            "score": { "type": "number", "minimum": 0, "maximum": 100, "default": 95.5 },
            "subscribed": { "type": "boolean", "default": true },
            "size": { "type": "string", "enum": ["small", "large"], "default": "small" },
            "colour": {
                "type": "string",
                "oneOf": [{ "const": "r", "title": "Red" }, { "const": "g", "title": "Green" }],
                "default": "r",
            },
            "days": {
                "type": "array",
                "items": { "type": "string", "enum": ["mon", "tue", "wed"] },
                "minItems": 1,
                "maxItems": 2,
                "default": ["mon"],
            },
            "meals": {
                "type": "array",
                "items": { "anyOf": [{ "const": "l", "title": "Lunch" }, { "const": "d", "title": "Dinner" }] },
            },
        },
        "required": ["name"],
    });
    let fields = &mut form["properties"];
    if !rules.form_without_secrets {
        fields["password"] = json!({ "type": "string", "title": "Password" });
    }
    if server.options.innocent_words {
        for (name, description) in [
            ("password_reset_email", "Where to send a link; never enter your password here"),
            ("private_key_path", "The path of a file"),
            ("recvChannel", "Such as https://example.com/channel"),
        ] {
            fields[name] = json!({ "type": "string", "description": description });
        }
    }
    if !rules.form_flat {
        fields["address"] =
            json!({ "type": "object", "properties": { "street": { "type": "string" } } });
    }
    if !rules.form_formats {
        fields["phone"] = json!({ "type": "string", "format": "phone" });
    }
    if !rules.form_enums {
        fields["mood"] = json!({ "type": "array", "items": { "type": "string" } });
    }
    if !rules.form_defaults_valid {
        fields["age"]["default"] = json!(999);
    }
    form
}
