//! Secrets that are searched for together, in one pass.

use std::ops::Range;
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
    /// Words that begin alike, such as tokens of one issuer, are found together: each pattern has a range of the words.
    alike: Vec<Range<usize>>,
    /// None only if the words outgrew what an automaton can hold: then each is searched for by itself.
    automaton: Option<AhoCorasick>,
}

impl Shelf {
    pub(super) fn new(mut words: Vec<Word>) -> Self {
        words.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        let mut alike: Vec<Range<usize>> = Vec::new();
        for (n, word) in words.iter().enumerate() {
            match alike.last_mut() {
                Some(last) if beginning(&words[last.start]) == beginning(word) => last.end = n + 1,
                _ => alike.push(n..n + 1),
            }
        }
        let beginnings = alike.iter().map(|range| beginning(&words[range.start]));
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(beginnings).ok();
        Self { words, alike, automaton }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn into_words(self) -> Vec<Word> {
        self.words
    }

    /// Every place of every word, those that overlap as well; of words that begin alike, the one that goes on longest.
    pub(super) fn find(&self, bytes: &[u8], found: &mut Vec<Found>) {
        let mut take = |alike: &Range<usize>, start: usize| {
            let common = |word: &Word| {
                word.bytes.iter().zip(&bytes[start..]).take_while(|(a, b)| a == b).count()
            };
            let words = self.words[alike.clone()].iter().map(|word| (common(word), word));
            if let Some((length, word)) = words.max_by_key(|(length, _)| *length) {
                found.push(Found { at: start..start + length, blot: Arc::clone(&word.blot) });
            }
        };
        let Some(automaton) = &self.automaton else {
            for alike in &self.alike {
                let start = beginning(&self.words[alike.start]);
                let places = bytes.windows(start.len()).enumerate().filter(|(_, w)| *w == start);
                places.for_each(|(at, _)| take(alike, at));
            }
            return;
        };
        for place in automaton.find_overlapping_iter(bytes) {
            take(&self.alike[place.pattern().as_usize()], place.start());
        }
    }
}

fn beginning(word: &Word) -> &[u8] {
    &word.bytes[..word.bytes.len().min(TELLING)]
}
