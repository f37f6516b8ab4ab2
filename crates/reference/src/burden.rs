//! Legal ways to burden whoever asks: answers that are longer, slower or harder to understand than anybody needs.

mod riddle;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::riddle::NAME as RIDDLE;
pub use self::riddle::Riddle;

use crate::call::Call;

/// What a server burdens its clients with. It is right in all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Burden {
    /// The list of tools has so many more, in pages of a thousand.
    Tools(usize),
    /// The list of tools never ends, and each page has two hundred tools more than the one before.
    GrowingPages,
    /// The list of tools never ends, and each page takes a megabyte.
    LargePages,
    /// The list of tools never ends, and each page but the first takes a second.
    SlowPages,
    /// The list of tools never ends, and each cursor takes a hundred kilobytes.
    LongCursors,
    /// A tool has a schema that is hard to meet.
    Riddle(Riddle),
    /// The `_meta` of every result holds eight million zeros, as one text.
    Zeros,
    /// The `_meta` of every result holds a million zeros, one by one.
    Values,
    /// Eight megabytes of comments stand before each response in an event stream.
    Comments,
    /// Nine thousand events without data stand before each response in an event stream.
    EmptyEvents,
    /// No task ends before it is cancelled.
    EndlessTasks,
}

/// Tools on a page of a list that ends.
const PAGE: usize = 1_000;

/// By what the name of a tool begins that is there for its weight.
const PREFIX: &str = "burden_";

impl Burden {
    /// The tools on this page of those that it adds, from the first page on; `None` behind the last.
    fn page(self, page: usize) -> Option<Vec<Value>> {
        let (count, description) = match self {
            Self::Tools(all) => (all.checked_sub(page * PAGE)?.min(PAGE), String::new()),
            Self::GrowingPages => ((page + 1) * 200, String::new()),
            Self::LargePages => (4, "x".repeat(250_000)),
            Self::SlowPages | Self::LongCursors => (4, String::new()),
            Self::Riddle(riddle) if page == 0 => return Some(vec![riddle.tool()]),
            _ => return None,
        };
        let tool = |at| plain(&format!("{PREFIX}{page}_{at}"), &description);
        (count > 0).then(|| (0..count).map(tool).collect())
    }

    /// The definition of one of the tools that it adds.
    pub(crate) fn tool(self, name: &str) -> Option<Value> {
        if let Self::Riddle(riddle) = self {
            return (name == RIDDLE).then(|| riddle.tool());
        }
        let (page, at) = name.strip_prefix(PREFIX)?.split_once('_')?;
        self.page(page.parse().ok()?)?.into_iter().nth(at.parse().ok()?)
    }

    /// What makes a cursor as long as it is.
    pub(crate) fn padding(self) -> Option<String> {
        (self == Self::LongCursors).then(|| "c".repeat(75_000))
    }

    /// What the `_meta` of every result holds.
    pub(crate) fn weight(self) -> Option<Value> {
        match self {
            Self::Zeros => Some("0".repeat(8_000_000).into()),
            Self::Values => Some(vec![json!(0); 1_000_000].into()),
            _ => None,
        }
    }

    /// What stands before a response in an event stream.
    pub(crate) fn prelude(self) -> Vec<u8> {
        match self {
            Self::Comments => b": nothing\n".repeat(800_000),
            Self::EmptyEvents => b"data:\n\n".repeat(9_000),
            _ => Vec::new(),
        }
    }
}

/// The page of the list of tools that begins here, and whether another comes: page nought has what the server offers, those
/// behind it what burdens.
pub(crate) fn page(call: &Call, start: usize, offered: &[Value]) -> Option<(Vec<Value>, bool)> {
    let burden = call.server.options.burden?;
    burden.page(0)?;
    let listed = if start == 0 { offered.to_vec() } else { burden.page(start - 1)? };
    Some((listed, burden.page(start).is_some()))
}

/// Waits where a page is slow.
pub(crate) async fn pause(call: &Call) {
    let slow = call.server.options.burden == Some(Burden::SlowPages);
    if slow && call.params.contains_key("cursor") {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn plain(name: &str, description: &str) -> Value {
    json!({
        "name": name, "description": description, "annotations": { "readOnlyHint": true },
        "inputSchema": { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_ends_has_as_many_tools_as_it_says() {
        let pages = (0..).map_while(|page| Burden::Tools(2_500).page(page));
        assert_eq!(pages.map(|page| page.len()).collect::<Vec<_>>(), [1_000, 1_000, 500]);
        assert_eq!(Burden::GrowingPages.page(2).expect("never ends").len(), 600);
    }

    #[test]
    fn what_is_listed_is_found_by_its_name() {
        for burden in
            [Burden::Tools(2_500), Burden::LargePages, Burden::Riddle(Riddle::Enumeration)]
        {
            for tool in burden.page(0).expect("a page") {
                let name = tool["name"].as_str().expect("a name");
                assert_eq!(burden.tool(name).as_ref(), Some(&tool), "{burden:?}");
            }
        }
        assert_eq!(Burden::Tools(2_500).tool("burden_2_500"), None);
        assert_eq!(Burden::Zeros.tool("burden_0_0"), None);
    }
}
