//! What a load showed, and the same mix as scripts of tools for load.

mod scripts;
mod terminal;

use plumb_model::Load;

pub use scripts::{k6, vegeta};
pub use terminal::render as terminal;

/// The load as JSON over several lines.
pub fn json(load: &Load) -> String {
    // Writing into memory fails for no document of ours.
    serde_json::to_string_pretty(load).map(|text| text + "\n").unwrap_or_default()
}
