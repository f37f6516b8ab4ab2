//! Texts of the repository that are data: ledgers, suites, vectors, positions. They are a megabyte as they stand and a
//! seventh of it as the binary carries them, and are unpacked when the first of them is asked for.

use std::sync::LazyLock;

use miniz_oxide::inflate::decompress_to_vec_zlib;

/// Path from the repository's root, and bytes, in the order in which they are packed.
#[expect(clippy::unreadable_literal, reason = "written by the build")]
const INDEX: &[(&str, usize)] = &include!(concat!(env!("OUT_DIR"), "/index.rs"));
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/texts.zlib"));

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = decompress_to_vec_zlib(PACKED).expect("what the build has packed; a test unpacks it");
    let mut from = 0;
    let text = |(_, bytes): &(&str, usize)| {
        let text = String::from_utf8_lossy(&all[from..from + bytes]).into_owned();
        from += bytes;
        text
    };
    INDEX.iter().map(text).collect()
});

/// The text at a path from the repository's root, which has to be a literal: that of a text which is not built in does not
/// compile.
#[macro_export]
macro_rules! text {
    ($path:literal) => {
        $crate::at(const { $crate::place($path) })
    };
}

/// A path, and the text that stands there: for lists of texts.
#[macro_export]
macro_rules! named {
    ($($path:literal),+ $(,)?) => {
        [$(($path, $crate::text!($path))),+]
    };
}

/// The text at a place.
#[doc(hidden)]
pub fn at(place: usize) -> &'static str {
    &TEXTS[place]
}

/// The place of a path.
#[doc(hidden)]
pub const fn place(path: &str) -> usize {
    let mut n = 0;
    while n < INDEX.len() {
        if is_same(INDEX[n].0.as_bytes(), path.as_bytes()) {
            return n;
        }
        n += 1;
    }
    panic!("no such text is built in")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut n = 0;
    while n < one.len() && n < other.len() && one[n] == other[n] {
        n += 1;
    }
    n == one.len() && n == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_as_it_stands_in_the_repository() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(INDEX.len() > 30);
        for (place, (path, _)) in INDEX.iter().enumerate() {
            let text = std::fs::read_to_string(root.join(path)).expect("a text");
            assert_eq!(at(place), text.replace("\r\n", "\n"), "{path}");
        }
        assert!(text!("suites/core.toml").contains("core"));
    }
}
