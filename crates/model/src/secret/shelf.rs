//! Secrets that are searched for together, in one pass.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Found;

/// A long secret is blotted even where it was cut off, once so many bytes of it stand there.
const TELLING: usize = 48;

/// One form of a secret, and what stands in its place.
#[derive(Clone)]
pub(super) struct Word {
    pub(super) bytes: Arc<[u8]>,
    pub(super) blot: Arc<str>,
}

/// Words and the automaton that finds them.
pub(super) struct Shelf {
    words: Vec<Word>,
    /// None only if the words outgrew what an automaton can hold: then each is searched for by itself.
    automaton: Option<AhoCorasick>,
}

impl Shelf {
    pub(super) fn new(words: Vec<Word>) -> Self {
        let beginnings = words.iter().map(|word| beginning(&word.bytes));
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(beginnings).ok();
        Self { words, automaton }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn into_words(self) -> Vec<Word> {
        self.words
    }

    /// Every place of every word, those that overlap as well.
    pub(super) fn find(&self, bytes: &[u8], found: &mut Vec<Found>) {
        let mut take = |word: &Word, start: usize| {
            let common = word.bytes.iter().zip(&bytes[start..]).take_while(|(a, b)| a == b).count();
            found.push(Found { at: start..start + common, blot: Arc::clone(&word.blot) });
        };
        let Some(automaton) = &self.automaton else {
            for word in &self.words {
                let start = beginning(&word.bytes);
                let places = bytes.windows(start.len()).enumerate().filter(|(_, w)| *w == start);
                places.for_each(|(at, _)| take(word, at));
            }
            return;
        };
        for place in automaton.find_overlapping_iter(bytes) {
            take(&self.words[place.pattern().as_usize()], place.start());
        }
    }
}

fn beginning(word: &[u8]) -> &[u8] {
    &word[..word.len().min(TELLING)]
}
