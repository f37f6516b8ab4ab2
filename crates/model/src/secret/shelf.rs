//! Secrets that are searched for together, in one pass.

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Found;

/// A long secret is blotted even where it was cut off, once so many bytes of it stand there.
pub(super) const TELLING: usize = 48;

/// For each byte that is looked through, so many are compared, and so many in any case: then a secret is taken to be there whole,
/// which blots too much rather than too little. Only one that repeats itself in a text that does so comes near.
const COMPARED: usize = 64;
const COMPARED_AT_LEAST: usize = 1 << 24;

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
        let mut left = bytes.len().saturating_mul(COMPARED).max(COMPARED_AT_LEAST);
        let mut take = |alike: &Range<usize>, start: usize| {
            let words = &self.words[alike.clone()];
            // Within what was found, what does not go on behind it tells nothing new.
            let until =
                found.last().filter(|last| last.at.contains(&start)).map(|last| last.at.end);
            let goes_on = |end: usize| {
                let next = bytes.get(end);
                next.is_some() && words.iter().any(|word| word.bytes.get(end - start) == next)
            };
            if until.is_some_and(|end| !goes_on(end)) {
                return;
            }
            let mut common = |word: &Word| {
                let (length, rest) = (word.bytes.len(), &bytes[start..]);
                if left == 0 {
                    return length.min(rest.len());
                }
                let same = word.bytes.iter().zip(rest).take_while(|(a, b)| a == b).count();
                left = left.saturating_sub(same);
                same
            };
            // They are sorted: none has more in common than those between which the text would stand.
            let place = words.partition_point(|word| *word.bytes < bytes[start..]);
            let beside = &words[place.saturating_sub(1)..words.len().min(place + 1)];
            let beside = beside.iter().map(|word| (common(word), word));
            if let Some((length, word)) = beside.max_by_key(|(length, _)| *length) {
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
