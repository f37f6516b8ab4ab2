//! Words of a POSIX shell.

/// One word, quoted where it must be. Nothing in it is expanded.
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command, as a shell takes it. What Plumb fills in, such as `{port}`, stays readable.
pub fn command_line<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let shown = |word: &String| {
        let bare = word.replace(['{', '}'], "");
        // Braces without a comma or a range between them are themselves.
        let braces = word.len() > 2 && !word.contains(',') && !word.contains("..");
        if braces && bare == quoted(&bare) { word.clone() } else { quoted(word) }
    };
    words.into_iter().map(shown).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_words_that_were_quoted() {
        let words = [
            "./server",
            "{port}",
            "it's",
            "a b",
            "$(id)",
            "`id`",
            "\\",
            "\"",
            "*",
            "~",
            "",
            "-n",
            "a\nb",
            "é🗝",
            "!x",
            "#x",
            "a;b",
            "{a,b}",
            "'''",
            "$HOME",
            "[redacted KEY]",
            "=x",
            "\u{202e}",
        ];
        let words = words.map(str::to_owned);
        let script = format!("printf '%s\\0' {}", command_line(&words));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("sh");
        let read = String::from_utf8(output.stdout).expect("text");
        assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), words);
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_change_them() {
        let line = |words: &[&str]| {
            command_line(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(line(&["./server", "--port", "{port}"]), "./server --port {port}");
        assert_eq!(line(&["sh", "-c", "a 'b' $c"]), r"sh -c 'a '\''b'\'' $c'");
        assert_eq!(
            line(&["echo", "{a,b}", "{1..3}", "", "~", "{}"]),
            "echo '{a,b}' '{1..3}' '' '~' '{}'"
        );
    }
}
