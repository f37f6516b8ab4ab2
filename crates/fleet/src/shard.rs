//! A part of a list: the same servers whatever the order of the list and whoever cuts it.

use std::str::FromStr;

use plumb_certificate::Digest;

use crate::Target;

/// One of so many parts, counted from 0 as `JOB_COMPLETION_INDEX` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: u32,
}

impl Shard {
    /// The whole list.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// The part of this index; `None` if there are not so many.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Whether a server belongs to it: a stable hash of name and version says so.
    pub fn has(self, target: &Target) -> bool {
        let digest = Digest::of(format!("{}\0{}", target.name, target.version).as_bytes());
        let number = digest.hex().get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        number.unwrap_or_default() % self.of == self.index
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let shard = numbers.and_then(|(index, of)| Self::new(index, of));
        shard.ok_or_else(|| "an index from 0 and a number of parts, such as 0/3".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_in_one_part_and_no_part_is_much_larger() {
        let servers = (0..300).map(|n| Target { name: format!("s{n}"), ..Target::default() });
        let mut counts = [0; 3];
        for server in servers {
            let shards = (0..3).filter_map(|i| Shard::new(i, 3)).filter(|s| s.has(&server)).count();
            assert_eq!(shards, 1);
            let part = (0..3).find(|i| Shard::new(*i, 3).is_some_and(|s| s.has(&server)));
            counts[part.expect("one") as usize] += 1;
        }
        assert!(counts.iter().all(|count| (75..125).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_part_beyond_the_last_is_none() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, of: 3 }));
        assert!("3/3".parse::<Shard>().is_err() && "1".parse::<Shard>().is_err());
    }
}
