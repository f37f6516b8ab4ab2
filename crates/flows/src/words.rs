//! What a sentence that is shown to a user asks for.

/// Verbs that tell a user to hand something over.
const ENTER: [&str; 10] =
    ["enter", "provide", "type", "paste", "supply", "give", "input", "fill", "submit", "need"];

/// Words after which something is not asked for.
const NOT: [&str; 16] = [
    "not",
    "never",
    "no",
    "without",
    "don't",
    "dont",
    "cannot",
    "won't",
    "forgot",
    "forgotten",
    "reset",
    "change",
    "lost",
    "if",
    "instead",
    "than",
];

/// Words between a verb and what it asks for.
const BETWEEN: [&str; 12] =
    ["your", "the", "a", "an", "in", "us", "me", "current", "new", "valid", "own", "personal"];

/// Words that may follow a noun without making it a part of another one.
const AFTER: [&str; 18] = [
    "for", "of", "to", "from", "on", "at", "in", "with", "here", "below", "and", "or", "please",
    "so", "again", "required", "used", "by",
];

/// Words in lower case; those of `camelCase` and `snake_case` are apart, and punctuation is a word of its own.
pub fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        if c.is_alphanumeric() || c == '\'' {
            let hump = c.is_uppercase() && before.is_lowercase();
            if hump {
                found.push(String::new());
            }
            if let Some(last) = found.last_mut() {
                last.extend(c.to_lowercase());
            }
        } else {
            if !c.is_whitespace() && !"_-/".contains(c) {
                found.push(c.to_string());
            }
            found.push(String::new());
        }
        before = c;
    }
    found.retain(|word| !word.is_empty());
    found
}

/// Where a phrase stands in a text, not as a part of a longer noun: what it is about, not what it belongs to.
fn places(said: &[String], phrase: &str) -> Vec<usize> {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    let ends = |at: usize| {
        said.get(at).is_none_or(|next| {
            AFTER.contains(&next.as_str()) || !next.chars().all(char::is_alphanumeric)
        })
    };
    let starts = said.windows(phrase.len()).enumerate();
    starts
        .filter(|(at, window)| window.iter().eq(phrase.iter()) && ends(at + phrase.len()))
        .map(|(at, _)| at)
        .collect()
}

/// Whether a label is that of a thing of this name.
pub fn head_of(label: &str, phrase: &str) -> bool {
    let said = words(label);
    let denied = |at: usize| said[..at].iter().any(|word| NOT.contains(&word.as_str()));
    // "Name of the key" is a name: a preposition before it makes it a part of something else.
    let owned = |at: usize| said[..at].iter().any(|word| AFTER.contains(&word.as_str()));
    places(&said, phrase).into_iter().any(|at| !denied(at) && !owned(at))
}

/// Whether a sentence of the text tells the user to enter a thing of this name.
pub fn wanted(text: &str, phrase: &str) -> bool {
    let said = words(text);
    places(&said, phrase).into_iter().any(|at| {
        let start = said[..at].iter().rposition(|w| [".", "!", "?", ";"].contains(&w.as_str()));
        let before = &said[start.map_or(0, |dot| dot + 1)..at];
        let verb = before.iter().rposition(|word| ENTER.contains(&word.as_str()));
        let denied = before.iter().any(|word| NOT.contains(&word.as_str()));
        // "Your GitHub access token" has names between, "the name of the key" a preposition.
        let direct = verb.is_some_and(|verb| {
            let between = &before[verb + 1..];
            between.len() <= 4
                && between
                    .iter()
                    .all(|word| BETWEEN.contains(&word.as_str()) || !AFTER.contains(&word.as_str()))
        });
        direct && !denied
    })
}

/// Whether a text holds a link that a user is meant to click: one written as a link, or one that the sentence sends to.
/// An address that shows what an answer looks like is none.
pub fn sends_to_a_link(text: &str) -> bool {
    const GO: [&str; 16] = [
        "click", "visit", "open", "go", "see", "follow", "browse", "navigate", "login", "log",
        "sign", "read", "check", "head", "tap", "find",
    ];
    const LIKE: [&str; 9] =
        ["e.g.", "e.g", "example", "such", "like", "format", "starts", "looks", "(e.g."];
    let lower = text.to_lowercase();
    if lower.contains("](http://") || lower.contains("](https://") || lower.contains("href=") {
        return true;
    }
    let links = lower.match_indices("http://").chain(lower.match_indices("https://"));
    links.into_iter().any(|(at, _)| {
        // The sentence before the link; dots within a word end none.
        let before = &lower[..at];
        let start = [". ", "! ", "? ", "\n"].iter().filter_map(|end| before.rfind(end)).max();
        let words: Vec<&str> = before[start.unwrap_or(0)..]
            .split_whitespace()
            .map(|w| w.trim_matches([',', ':', '(']))
            .collect();
        words.iter().any(|word| GO.contains(word)) && !words.iter().any(|word| LIKE.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_be_clicked_are_told_from_examples() {
        for link in [
            "See https://example.com/why",
            "Done? Then visit https://example.com.",
            "[here](https://example.com)",
            "<a href=\"https://example.com\">here</a>",
            "Sign in at http://localhost:8080/login first.",
        ] {
            assert!(sends_to_a_link(link), "{link}");
        }
        for example in [
            "Your homepage, e.g. https://example.com",
            "An address that starts with https://",
            "The feed, for example https://example.com/feed. Go on when you are ready.",
            "https://example.com was not reachable: which address shall I take?",
            "Open question. The address https://example.com is taken.",
            "See the manual.",
        ] {
            assert!(!sends_to_a_link(example), "{example}");
        }
    }
}
