//! The words of a script for a shell, as far as they can be told without running it.

/// The words of a script, without their quotes.
pub(super) fn of_script(script: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut chars) = (String::new(), None, script.chars());
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (c, None) if c.is_whitespace() || ";|&()<>".contains(c) => {
                words.push(std::mem::take(&mut word));
            }
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_falls_into_words() {
        let words = of_script(r#"TOKEN='a b' node "x \" y";exec z\ z"#);
        assert_eq!(words, ["TOKEN=a b", "node", "x \" y", "exec", "z z"]);
    }
}
