//! `server/resources`: listing, reading, templates, URIs, subscriptions, errors.

pub(crate) mod contents;
mod https;
mod lists;
mod not_found;
mod reading;
mod subscriptions;
mod templates;
pub(crate) mod traversal;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &lists::DECLARE,
    &lists::RESPOND,
    &lists::NO_CONNECTION_VARIANCE,
    &lists::NO_SIDE_EFFECT,
    &lists::LIST_CHANGED,
    &reading::LISTED,
    &reading::URI,
    &reading::INTERNAL_ERROR,
    &templates::RFC6570,
    &templates::EXPAND,
    &subscriptions::UPDATED,
    &subscriptions::SUBSCRIBE_CAPABILITY,
    &https::ONLY_FETCHABLE,
    &https::PREFER_OTHER,
    &contents::RFC3986,
    &contents::BINARY_ENCODING,
    &not_found::NOT_FOUND,
    &not_found::NO_EMPTY_CONTENTS,
    &not_found::DATA_URI,
    &not_found::VALIDATE_URIS,
    &traversal::PATH_TRAVERSAL,
];
