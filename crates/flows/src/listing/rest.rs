//! Telling a list that changes by itself from one that something made different.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use plumb_runner::{Bench, Trouble};

use super::{Connection, List, PAGES, walk};

/// So many idle spells, each as long as the probe was.
const SPELLS: u32 = 3;

/// An idle spell is at most so long; it is never shorter than this by more than the probe itself was.
const LONGEST: Duration = Duration::from_secs(10);

/// How a list stands over two connections that read it in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// Both see the same.
    Not,
    /// Each sees its own, every time: what they see.
    Each(BTreeSet<String>, BTreeSet<String>),
    /// One of them saw this and then that: the list changes by itself.
    Restless,
}

/// The items of a list as a set.
pub(super) async fn read(
    bench: &Bench,
    way: &Connection<'_>,
    list: List,
) -> Result<BTreeSet<String>, Trouble> {
    Ok(walk(bench, way, list, PAGES).await?.set())
}

/// Reads a list over two connections in turn, in an order that no rhythm of the list's own follows.
pub(super) async fn in_turn(
    bench: &Bench,
    list: List,
    one: &Connection<'_>,
    other: &Connection<'_>,
) -> Result<Apart, Trouble> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for first in [true, false, false, true, true, false, true, false] {
        if first {
            ones.push(read(bench, one, list).await?);
        } else {
            others.push(read(bench, other, list).await?);
        }
    }
    Ok(apart(&ones, &others))
}

fn apart(ones: &[BTreeSet<String>], others: &[BTreeSet<String>]) -> Apart {
    let steady = |sets: &[BTreeSet<String>]| sets.windows(2).all(|pair| pair[0] == pair[1]);
    // Where one connection sees the same throughout and the other never sees that, the list does not change by itself.
    let beside = |steadies: &[BTreeSet<String>], sets: &[BTreeSet<String>]| {
        steady(steadies) && steadies.first().is_some_and(|one| sets.iter().all(|set| set != one))
    };
    match (ones.first(), others.first()) {
        (Some(one), Some(other)) if beside(ones, others) || beside(others, ones) => {
            Apart::Each(one.clone(), other.clone())
        }
        _ if !(steady(ones) && steady(others)) => Apart::Restless,
        _ => Apart::Not,
    }
}

/// Whether the list changes while nothing is asked of the target, in spells as long as the probe that saw it change.
pub(super) async fn restless(
    bench: &Bench,
    list: List,
    way: &Connection<'_>,
    since: Instant,
) -> Result<bool, Trouble> {
    let spell = since.elapsed().min(LONGEST);
    let first = read(bench, way, list).await?;
    for _ in 0..SPELLS {
        bench.pause(spell).await;
        if read(bench, way, list).await? != first {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn only_what_each_connection_repeats_is_a_difference_between_them() {
        let (a, b) = (set(&["a"]), set(&["a", "b"]));
        let of = |ones: [&BTreeSet<String>; 3], others: [&BTreeSet<String>; 3]| {
            apart(&ones.map(Clone::clone), &others.map(Clone::clone))
        };
        assert_eq!(of([&a, &a, &a], [&a, &a, &a]), Apart::Not);
        assert_eq!(of([&a, &a, &a], [&b, &b, &b]), Apart::Each(a.clone(), b.clone()));
        assert_eq!(of([&a, &b, &b], [&b, &b, &b]), Apart::Restless);
        assert_eq!(of([&a, &a, &a], [&a, &b, &a]), Apart::Restless);
        // A new connection each time, each with its own.
        let c = set(&["c"]);
        assert_eq!(of([&a, &a, &a], [&b, &c, &b]), Apart::Each(a.clone(), b.clone()));
    }
}
