//! Server Cards (SEP-2127, an experimental extension) and the catalogue that leads to them: media types and places.

/// The media type of a Server Card, and the type of its entry in a catalogue (ext:server-card#server-card-entries).
pub const MEDIA_TYPE: &str = "application/mcp-server-card+json";

/// The media type of a catalogue (ext:server-card#well-known-uri).
pub const CATALOGUE_MEDIA_TYPE: &str = "application/ai-catalog+json";

/// Where the catalogue of a domain is, as a path of its origin.
pub const CATALOGUE: &str = "/.well-known/ai-catalog.json";

/// Places of descriptions of servers that circulated before, as paths of an origin: proposals that the catalogue replaced.
pub const SUPERSEDED: [&str; 4] = [
    "/.well-known/mcp-server.json",
    "/.well-known/mcp/server-card.json",
    "/.well-known/mcp/server-card",
    "/.well-known/mcp.json",
];

/// The path that is reserved for the card of a server (ext:server-card#hosted-server-card-location), from the path and query
/// of its endpoint.
pub fn place(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    format!("{}/server-card", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_card_is_below_the_endpoint_whatever_its_path() {
        for (target, card) in [
            ("/mcp", "/mcp/server-card"),
            ("/mcp/", "/mcp/server-card"),
            ("/", "/server-card"),
            ("/team/a/mcp?key=1", "/team/a/mcp/server-card"),
        ] {
            assert_eq!(place(target), card, "{target}");
        }
    }
}
