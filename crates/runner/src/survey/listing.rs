//! A list as it was read.

use serde_json::Value;

use crate::Observed;

/// A list as it was read at the start.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The pages in order.
    pub pages: Vec<Observed>,
    /// The items of all pages.
    pub items: Vec<Item>,
    /// Whether the last page was reached.
    pub complete: bool,
}

/// One item of a list and the exchange that showed it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The item.
    pub value: Value,
    /// The exchange's number.
    pub seq: u64,
}
