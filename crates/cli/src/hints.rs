//! What a mistake on the command line may have meant.

use clap::error::{ContextKind, ErrorKind};

use crate::near::distance;
use crate::say;

/// Placeholders of a command.
const PLACEHOLDERS: [&str; 14] = [
    "port",
    "shared.dir",
    "url",
    "scenario",
    "auth.issuer",
    "auth.jwks_uri",
    "auth.audience",
    "auth.resource",
    "auth.scopes",
    "auth.introspection_uri",
    "auth.client_id",
    "auth.client_secret",
    "auth.upstream",
    "auth.url",
];

/// Tells what is wrong with a command line, and ends.
pub(crate) fn exit(error: clap::Error, words: &[String]) -> ! {
    // Help and version are no mistakes.
    let mistaken = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::TooManyValues);
    if mistaken && let Some(hint) = forgotten(&error, words) {
        let _ = error.print();
        say::err(&format!("\n{hint}\n"));
        std::process::exit(2);
    }
    error.exit()
}

/// Whoever names a program and its arguments means a command.
fn forgotten(error: &clap::Error, words: &[String]) -> Option<String> {
    let starts_something = matches!(words.get(1)?.as_str(), "run" | "init" | "migrate" | "client");
    if !starts_something || words.iter().any(|word| word == "--") {
        return None;
    }
    let told = error.get(ContextKind::InvalidArg)?.to_string();
    let at = words.iter().position(|word| *word == told)?;
    // The word before it is the program, unless that is an option.
    let begin = if at > 2 && !words[at - 1].starts_with('-') { at - 1 } else { at };
    let (options, command) = (words[1..begin].join(" "), words[begin..].join(" "));
    Some(format!("A command that starts a server stands after `--`: plumb {options} -- {command}"))
}

/// What to say of words of a command that look like placeholders and are none.
pub(crate) fn placeholders<'a>(words: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut notes = Vec::new();
    for word in words {
        for part in word.split('{').skip(1) {
            let Some((name, _)) = part.split_once('}') else { continue };
            let near = PLACEHOLDERS.iter().find(|known| distance(name, known) <= 2);
            if let Some(near) = near.filter(|near| **near != name && !name.is_empty()) {
                notes.push(format!("`{{{name}}}` is no placeholder: do you mean `{{{near}}}`?"));
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_mistyped_is_told_and_braces_of_others_are_not() {
        let words = ["--port={prot}", "{port}", "{shared_dir}/db", "{\"a\":{}}", "{name}"];
        let notes = placeholders(&words.map(str::to_owned));
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].contains("`{port}`") && notes[1].contains("`{shared.dir}`"));
    }
}
