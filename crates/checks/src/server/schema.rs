//! `schema`: the shapes of what the server sends, each object judged by the check of its own definition.

mod content;
mod input;
mod listed;
mod methods;
mod notifications;
mod results;

use plumb_runner::{Check, Notes};
use plumb_wire::schema::Mismatch;

pub(crate) const CHECKS: &[&Check] = &[
    &methods::MESSAGE_CONCISE,
    &methods::CAPABILITY_GATED,
    &listed::ICON,
    &results::IMPLEMENTATION,
    &results::CAPABILITIES,
    &listed::TOOL,
    &listed::RESOURCE,
    &listed::RESOURCE_TEMPLATE,
    &methods::TEMPLATE_MIME,
    &listed::PROMPT,
    &results::GET_PROMPT,
    &results::CALL_TOOL,
    &content::IMAGE,
    &content::AUDIO,
    &content::EMBEDDED,
    &content::MIXED,
    &results::READ,
    &content::TEXT_ONLY_IF_TEXT,
    &content::PRIORITY,
    &content::AUDIENCE,
    &content::LAST_MODIFIED,
    &notifications::LOG,
    &notifications::PROGRESS,
    &notifications::ACKNOWLEDGED,
    &notifications::UPDATED,
    &results::UNSUPPORTED_VERSION,
    &input::MAX_TOKENS,
    &input::CONTEXT,
    &input::PREFERENCES_RANGE,
    &input::TOOL_RESULT_ID,
    &input::TOOL_RESULT_CONFORMS,
    &input::REMOVED_MEMBERS,
];

/// Notes whether an object has its shape, and the first place where it has not.
fn fit(notes: &mut Notes<'_>, what: &str, mismatches: &[Mismatch]) {
    match mismatches.first() {
        None => notes.fits(),
        Some(m) if m.at.is_empty() => {
            notes.breaks(format!("{what} with {}", m.expected), m.actual.clone());
        }
        Some(m) => {
            notes.breaks(format!("{what} with {} at {}", m.expected, m.at), m.actual.clone());
        }
    }
}

/// The mismatches outside the members that other checks judge.
fn outside(mismatches: Vec<Mismatch>, elsewhere: &[&str]) -> Vec<Mismatch> {
    let is_elsewhere = |at: &str| at.split('/').any(|token| elsewhere.contains(&token));
    mismatches.into_iter().filter(|m| !is_elsewhere(&m.at)).collect()
}
