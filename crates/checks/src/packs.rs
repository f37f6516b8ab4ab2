//! The vector packs built in.

use plumb_model::Edition;
use plumb_model::pack::{Pack, PackError};

/// The packs' files, by path from the repository's root.
pub const PACKS: &[(&str, &str)] = &[
    (
        "vectors/sep-2549-caching/pack.json",
        include_str!("../../../vectors/sep-2549-caching/pack.json"),
    ),
    (
        "vectors/sep-2575-stateless/pack.json",
        include_str!("../../../vectors/sep-2575-stateless/pack.json"),
    ),
    (
        "vectors/sep-2567-sessionless/pack.json",
        include_str!("../../../vectors/sep-2567-sessionless/pack.json"),
    ),
    (
        "vectors/sep-2663-tasks-resumability/pack.json",
        include_str!("../../../vectors/sep-2663-tasks-resumability/pack.json"),
    ),
    ("vectors/json-rpc/pack.json", include_str!("../../../vectors/json-rpc/pack.json")),
    (
        "vectors/sep-2243-headers/pack.json",
        include_str!("../../../vectors/sep-2243-headers/pack.json"),
    ),
    (
        "vectors/streamable-http/pack.json",
        include_str!("../../../vectors/streamable-http/pack.json"),
    ),
    ("vectors/sep-2663-tasks/pack.json", include_str!("../../../vectors/sep-2663-tasks/pack.json")),
    ("vectors/logging/pack.json", include_str!("../../../vectors/logging/pack.json")),
    ("vectors/sep-2322-mrtr/pack.json", include_str!("../../../vectors/sep-2322-mrtr/pack.json")),
    (
        "vectors/sep-2164-not-found/pack.json",
        include_str!("../../../vectors/sep-2164-not-found/pack.json"),
    ),
    ("vectors/resource-uris/pack.json", include_str!("../../../vectors/resource-uris/pack.json")),
    ("vectors/reserved-meta/pack.json", include_str!("../../../vectors/reserved-meta/pack.json")),
    ("vectors/tools-call/pack.json", include_str!("../../../vectors/tools-call/pack.json")),
    ("vectors/prompts-get/pack.json", include_str!("../../../vectors/prompts-get/pack.json")),
    ("vectors/completion/pack.json", include_str!("../../../vectors/completion/pack.json")),
    ("vectors/pkce/pack.json", include_str!("../../../vectors/pkce/pack.json")),
    (
        "vectors/sep-2468-issuer/pack.json",
        include_str!("../../../vectors/sep-2468-issuer/pack.json"),
    ),
    (
        "vectors/rfc7591-registration/pack.json",
        include_str!("../../../vectors/rfc7591-registration/pack.json"),
    ),
    ("vectors/tokens/pack.json", include_str!("../../../vectors/tokens/pack.json")),
    ("vectors/pagination/pack.json", include_str!("../../../vectors/pagination/pack.json")),
    plumb_runner::client::PACKS[0],
];

/// Reads the packs built in that are for this edition; a test keeps them readable.
pub fn packs(edition: &Edition) -> Result<Vec<Pack>, PackError> {
    let packs = PACKS.iter().map(|(file, text)| Pack::parse(file, text));
    packs.filter(|pack| pack.as_ref().map_or(true, |pack| pack.is_for(edition))).collect()
}
