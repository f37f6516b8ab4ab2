//! `server/utilities/caching`: how long and by whom a result may be kept, judged over every result of the run.

mod hints;
mod values;

use plumb_runner::{Check, Observed};
use plumb_wire::method;
use serde_json::Value;

pub(crate) const CHECKS: &[&Check] = &[
    &hints::DISCOVER,
    &hints::TOOLS_LIST,
    &hints::PROMPTS_LIST,
    &hints::RESOURCES_LIST,
    &hints::TEMPLATES_LIST,
    &hints::RESOURCES_READ,
    &hints::NO_HINTS_INTERIM,
    &values::TTL_NON_NEGATIVE,
    &values::TTL_INTEGER,
    &values::SCOPE_VALID,
    &values::PAGE_SAME_SCOPE,
];

/// The methods whose complete results may be kept.
pub(crate) const CACHEABLE: [&str; 6] = [
    method::DISCOVER,
    method::TOOLS_LIST,
    method::PROMPTS_LIST,
    method::RESOURCES_LIST,
    method::TEMPLATES_LIST,
    method::RESOURCES_READ,
];

/// The result, if it may be kept.
fn cacheable(seen: &Observed) -> Option<&Value> {
    let method = seen.method()?;
    seen.complete().filter(|r| r.is_object() && CACHEABLE.contains(&method))
}
