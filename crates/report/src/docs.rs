//! A check's documentation: Markdown of a few paragraphs, from which reports take what they need.

/// The paragraph that says how to fix: under a heading or behind a word that says so, else the last one.
pub fn how_to_fix(docs: &str) -> Option<String> {
    labelled(docs, "fix").or_else(|| blocks(docs).last().map(plain))
}

/// The paragraph that says why it matters, if one is labelled so.
pub(crate) fn why_it_matters(docs: &str) -> Option<String> {
    labelled(docs, "why")
}

/// What is observed: what stands before why and fix.
pub(crate) fn observed(docs: &str) -> String {
    let labelled = |block: &&str| {
        let start = block.get(..16).unwrap_or(block);
        says(start, "why") || says(start, "fix")
    };
    let observed: Vec<String> = blocks(docs).take_while(|b| !labelled(b)).map(plain).collect();
    let observed = observed.join(" ");
    observed.strip_prefix("Observed: ").map_or(observed.clone(), str::to_owned)
}

fn labelled(docs: &str, label: &str) -> Option<String> {
    let blocks: Vec<&str> = blocks(docs).collect();
    let at = blocks.iter().rposition(|b| says(b.get(..16).unwrap_or(b), label))?;
    let Some(heading) = blocks[at].strip_prefix('#') else { return Some(plain(blocks[at])) };
    let section = heading.split_once('\n').map(|(_, rest)| rest);
    section.or(blocks.get(at + 1).copied()).map(plain)
}

fn blocks(docs: &str) -> impl Iterator<Item = &str> {
    docs.split("\n\n").map(str::trim).filter(|b| !b.is_empty())
}

fn says(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphabetic()).any(|w| w == word)
}

/// The text on one line, without emphasis and without the label that announces it.
fn plain(block: &str) -> String {
    let text = block.split_whitespace().collect::<Vec<_>>().join(" ").replace("**", "");
    let label = text
        .split_once(": ")
        .filter(|(label, _)| label.len() < 20 && (says(label, "fix") || says(label, "why")));
    label.map_or(text.as_str(), |(_, rest)| rest.trim()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fix_is_found_however_it_is_announced() {
        for docs in [
            "What is seen.\n\nWhy.\n\nCompare both.",
            "Seen.\n\n**Fix:** Compare\nboth.\n\nSee also x.",
            "Seen.\n\n# How to fix\n\nCompare both.\n\n# More\n\nx",
            "How to fix: Compare both.",
        ] {
            assert_eq!(how_to_fix(docs).as_deref(), Some("Compare both."), "{docs}");
        }
        assert_eq!(how_to_fix(" \n"), None);
        assert_eq!(
            why_it_matters("Seen.\n\n**Why:** it leaks: all.\n\n**Fix:** x").as_deref(),
            Some("it leaks: all.")
        );
        assert_eq!(why_it_matters("Seen."), None);
    }
}
