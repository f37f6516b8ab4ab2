//! The vector packs built in.

use plumb_model::Edition;
use plumb_model::pack::{Pack, PackError};

/// The packs' files and texts, by path from the repository's root.
pub fn built_in() -> Vec<(&'static str, &'static str)> {
    let mut all = plumb_texts::named![
        "vectors/sep-2549-caching/pack.json",
        "vectors/sep-2575-stateless/pack.json",
        "vectors/sep-2567-sessionless/pack.json",
        "vectors/sep-2663-tasks-resumability/pack.json",
        "vectors/json-rpc/pack.json",
        "vectors/sep-2243-headers/pack.json",
        "vectors/streamable-http/pack.json",
        "vectors/sep-2663-tasks/pack.json",
        "vectors/logging/pack.json",
        "vectors/sep-2322-mrtr/pack.json",
        "vectors/sep-2164-not-found/pack.json",
        "vectors/resource-uris/pack.json",
        "vectors/reserved-meta/pack.json",
        "vectors/tools-call/pack.json",
        "vectors/prompts-get/pack.json",
        "vectors/completion/pack.json",
        "vectors/completion-context/pack.json",
        "vectors/pkce/pack.json",
        "vectors/sep-2468-issuer/pack.json",
        "vectors/rfc7591-registration/pack.json",
        "vectors/tokens/pack.json",
        "vectors/pagination/pack.json",
    ]
    .to_vec();
    all.push(plumb_runner::client::packs()[0]);
    all
}

/// Reads the packs built in that are for this edition; a test keeps them readable.
pub fn packs(edition: &Edition) -> Result<Vec<Pack>, PackError> {
    let packs = built_in().into_iter().map(|(file, text)| Pack::parse(file, text));
    packs.filter(|pack| pack.as_ref().map_or(true, |pack| pack.is_for(edition))).collect()
}
