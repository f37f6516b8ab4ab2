//! MCP Apps (SEP-1865, `ext:apps/2026-01-26`): judged where tools or resources of the target have a user interface.

mod calls;
mod content;
mod resources;
mod tools;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &tools::URI_SCHEME,
    &tools::TOOL_META,
    &tools::FLAT_KEY,
    &tools::CHECK_CAPABILITY,
    &resources::MIME_LISTING,
    &resources::RESOURCE_META,
    &content::RESOURCE_EXISTS,
    &content::CONTENT_URI,
    &content::CONTENT_MIME,
    &content::TEXT_OR_BLOB,
    &content::HTML5,
    &calls::TEXT_FALLBACK,
    &calls::CONTENT_ARRAY,
];

/// A name in the addresses of cases: letters and digits, what is between them as hyphens.
fn slug(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let slug = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "unnamed".to_owned() } else { slug.to_lowercase() }
}
