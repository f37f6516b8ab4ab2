//! Text from strangers, made fit to be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything invisible or misleading shown as an escape; newlines and tabs stay.
///
/// Escaped are control characters, bidirectional controls, the line separators U+2028 and U+2029, zero-width
/// characters that hide words from a reader, and the tag characters that smuggle text.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| misleads(c) && c != '\n' && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            _ if misleads(c) => escape(c, &mut out),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// How a line holds a command, wherever it stands there.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Text for a terminal or a log in which no line is a command to the machine that keeps the log: workflow commands begin
/// with `::` or hold `##[`, `##vso[` or `##teamcity[`.
pub fn inert(text: &str) -> Cow<'_, str> {
    let begins = |line: &str| line.trim_start().starts_with("::");
    let holds = |line: &str| COMMANDS.iter().any(|command| line.contains(command));
    if !text.lines().any(|line| begins(line) || holds(line)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let broken = |line: String, command: &&str| {
            line.replace(command, &format!("#\\u{{23}}{}", &command[2..]))
        };
        let line = COMMANDS.iter().fold(line.to_owned(), broken);
        if begins(&line) {
            out.push_str(&line.replacen("::", "\\u{3A}:", 1));
        } else {
            out.push_str(&line);
        }
    }
    Cow::Owned(out)
}

/// As [`visible`], on one line: newlines and tabs are escaped too.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(misleads) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if misleads(c) { escape(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Whether a character would be unseen, or would change how its neighbours are seen.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn escape(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a string cannot fail.
        _ => {
            let _ = write!(out, "\\u{{{:X}}}", u32::from(c));
        }
    }
}

/// The text cut to `max` characters, with a mark where it was cut.
pub fn clipped(text: &str, max: usize) -> Cow<'_, str> {
    if text.char_indices().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// The longest beginning of the text of at most `max` bytes that ends between characters.
pub fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// The text in lines of at most `width` characters, broken at spaces where there are any.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(16);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut line, mut used) = (String::new(), 0);
        for word in paragraph.split(' ') {
            let mut word = word;
            if used > 0 && used + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            while let Some((at, _)) = word.char_indices().nth(width) {
                lines.push(word[..at].to_owned());
                word = &word[at..];
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += word.chars().count();
        }
        lines.push(line);
    }
    lines
}

/// A number with its noun in the right number: `1 check`, `2 checks`.
pub fn counted(n: usize, noun: &str) -> String {
    let after_consonant = |stem: &&str| !stem.ends_with(['a', 'e', 'o', 'u']);
    match (n, noun.strip_suffix('y').filter(after_consonant)) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        (_, None) => format!("{n} {noun}s"),
    }
}

/// A duration in microseconds, for people: `740 µs`, `12.3 ms`, `1.50 s`, `2 m 05 s`.
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        1_000_000..60_000_000 => format!("{}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000),
        _ => format!("{} m {:02} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// A size in bytes, for people: `512 bytes`, `1.5 KiB`, `3.0 MiB`.
pub fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = KIB * KIB;
    match bytes {
        0..KIB => counted(bytes, "byte"),
        KIB..MIB => format!("{}.{} KiB", bytes / KIB, bytes % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misleads_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\r\n"), "a\\u{1B}[31mb\\r\n");
        assert_eq!(visible("\u{202e}evil\u{2028}\u{e0041}"), "\\u{202E}evil\\u{2028}\\u{E0041}");
        assert_eq!(visible_line("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(visible("日本 👩\u{200d}🚀"), "日本 👩\u{200d}🚀");
    }

    #[test]
    fn no_line_commands_the_keeper_of_a_log() {
        assert_eq!(inert("a ::b\n  c::d"), "a ::b\n  c::d");
        assert_eq!(inert("a\n ::error::b\n"), "a\n \\u{3A}:error::b\n");
        assert_eq!(inert("x ##[group]y"), "x #\\u{23}[group]y");
        assert_eq!(inert("##teamcity[x"), "#\\u{23}teamcity[x");
        assert_eq!(inert("##vso[task.setvariable]"), "#\\u{23}vso[task.setvariable]");
    }

    #[test]
    fn text_is_wrapped_at_spaces_and_long_words_are_broken() {
        assert_eq!(wrapped("the quick brown fox jumps", 16), ["the quick brown", "fox jumps"]);
        assert_eq!(wrapped("abcdefghijklmnopqrst", 16), ["abcdefghijklmnop", "qrst"]);
    }

    #[test]
    fn text_is_clipped_between_characters() {
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("äöüß", 3), "äö…");
        assert_eq!(head("äöü", 3), "ä");
    }

    #[test]
    fn quantities_read_well() {
        assert_eq!([duration(740), duration(12_345)], ["740 µs", "12.3 ms"]);
        assert_eq!([duration(1_500_000), duration(125_000_000)], ["1.50 s", "2 m 05 s"]);
        assert_eq!([size(1), size(1536), size(3 << 20)], ["1 byte", "1.5 KiB", "3.0 MiB"]);
    }
}
