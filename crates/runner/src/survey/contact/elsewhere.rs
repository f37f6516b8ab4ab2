//! A command that was started over standard streams, and serves HTTP.

/// Hosts of this machine, as they begin.
const HERE: [&str; 4] = ["localhost", "127.", "0.0.0.0", "[::"];

/// What to do with a command that tells an address of this machine, and nothing of the protocol.
pub(super) fn over_http(said: &str) -> String {
    let breaks = |c: char| !c.is_ascii_graphic() || "\"'`,;()<>".contains(c);
    let is_here = |word: &&str| {
        let host = word.strip_prefix("http://").or_else(|| word.strip_prefix("https://"));
        host.is_some_and(|host| HERE.iter().any(|here| host.starts_with(here)))
    };
    let told = |url| {
        format!(
            "; it tells an address: `plumb run {url}` judges what listens there, and `{{port}}` in the command has it started over HTTP"
        )
    };
    said.split(breaks).find(is_here).map(told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_told_and_one_of_a_page_is_not() {
        let words = "\u{1b}[32mINFO\u{1b}[0m: running on http://127.0.0.1:8000/mcp (Press CTRL+C)";
        assert!(over_http(words).contains("`plumb run http://127.0.0.1:8000/mcp`"));
        assert!(over_http("listening at 'http://localhost:3001', see x.y").contains(":3001`"));
        assert_eq!(over_http("see https://docs.example/127.0.0.1"), "");
    }
}
