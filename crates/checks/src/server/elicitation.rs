//! `client/elicitation`, the server's side: what it asks for, and what it makes of the answers.

mod actions;
mod form;
mod mode;
mod secrets;
mod url;

use plumb_runner::{Check, Observed};
use plumb_wire::method;
use serde_json::Value;

use crate::server::mrtr::inputs;

pub(crate) const CHECKS: &[&Check] = &[
    &secrets::NO_FORM_SECRETS,
    &secrets::URL_FOR_SECRETS,
    &mode::EMPTY_MEANS_FORM,
    &mode::SUPPORTED,
    &form::MESSAGE,
    &form::MODE,
    &form::REQUESTED_SCHEMA,
    &form::FLAT,
    &form::FORMATS,
    &form::ENUMS,
    &form::DEFAULTS,
    &url::FIELDS,
    &url::VALID,
    &actions::HANDLE_ACTIONS,
    &actions::NO_ASSUME_SUCCESS,
    &actions::HANDLE_FAILURE,
    &url::NO_SENSITIVE,
    &form::NO_CLICKABLE_URL,
    &url::HTTPS,
    &actions::SERVER_VALIDATE,
];

/// The parameters of the elicitations of an answer; null where there are none.
fn elicitations(seen: &Observed) -> impl Iterator<Item = &Value> {
    inputs(seen)
        .filter(|(_, r)| r["method"] == method::ELICITATION_CREATE)
        .map(|(_, r)| &r["params"])
}

/// Those in URL mode.
fn urls(seen: &Observed) -> impl Iterator<Item = &Value> {
    elicitations(seen).filter(|p| p["mode"] == "url")
}

/// Those in form mode.
fn forms(seen: &Observed) -> impl Iterator<Item = &Value> {
    elicitations(seen).filter(|p| p["mode"] != "url")
}

/// The fields of the forms, by name.
fn fields(seen: &Observed) -> impl Iterator<Item = (&String, &Value)> {
    forms(seen).filter_map(|p| p.pointer("/requestedSchema/properties")?.as_object()).flatten()
}
