//! server/tools#tool-names.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use plumb_flows::listing::{Connection, TOOLS, walk};
use plumb_runner::{Bench, Finding, Judgement, Trouble, check, clip};
use serde_json::{Value, json};

check! {
    /// **Observed:** every listed name has 1 to 128 characters.
    ///
    /// **Why:** clients and model providers cut or refuse longer names.
    ///
    /// **Fix:** shorten the name; the title has room for more.
    pub(crate) LENGTH = "tools.name.length";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    scenario: length
}

fn length(bench: &Bench) -> Ready<Judgement> {
    lint(bench, "a name of 1 to 128 characters", |name| {
        let n = name.chars().count();
        (!(1..=128).contains(&n)).then(|| format!("{n} characters: {:?}", clip(name, 60)))
    })
}

check! {
    /// **Observed:** every listed name consists of ASCII letters, digits, `_`, `-` and `.`.
    ///
    /// **Why:** model providers refuse function names with other characters.
    ///
    /// **Fix:** rename the tool; put other characters into the title.
    pub(crate) CHARSET = "tools.name.charset";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    scenario: charset
}

fn charset(bench: &Bench) -> Ready<Judgement> {
    lint(bench, "only A-Z, a-z, 0-9, `_`, `-` and `.`", |name| {
        let bad = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-.".contains(*c)))?;
        Some(format!("{bad:?} in {:?}", clip(name, 60)))
    })
}

check! {
    /// **Observed:** no listed name contains spaces, commas or other special characters. Letters of other
    /// scripts are the business of `tools.name.charset`; so is a slash, which some hosts use as a separator.
    ///
    /// **Why:** such names do not survive lists, shells and model providers.
    ///
    /// **Fix:** use `_`, `-` or `.` between words.
    pub(crate) NO_SPECIAL = "tools.name.no-special";
    since: "2025-11-25";
    fact: "tools.name.charset";
    applies: [Declares(Tools)];
    scenario: no_special
}

fn no_special(bench: &Bench) -> Ready<Judgement> {
    lint(bench, "no spaces, commas or other special characters", |name| {
        let special = |c: &char| !c.is_alphanumeric() && !"_-./".contains(*c);
        let bad = name.chars().find(special)?;
        Some(format!("{bad:?} in {:?}", clip(name, 60)))
    })
}

fn lint(bench: &Bench, expected: &str, flaw: impl Fn(&str) -> Option<String>) -> Ready<Judgement> {
    ready(Ok(first_flaw(bench, expected, flaw)))
}

fn first_flaw(bench: &Bench, expected: &str, flaw: impl Fn(&str) -> Option<String>) -> Finding {
    let tools = &bench.survey().tools.items;
    let mut named = tools
        .iter()
        .filter_map(|t| t.value.get("name").and_then(Value::as_str).map(|n| (n, t.seq)))
        .peekable();
    if named.peek().is_none() {
        return Finding::unseen("no tool is listed", "list a tool");
    }
    for (name, seq) in named {
        bench.note_seq(seq);
        if let Some(actual) = flaw(name) {
            return Finding::violated(expected, actual);
        }
    }
    Finding::Held
}

check! {
    /// **Observed:** no name stands twice on a page, or on two pages with different definitions. The same
    /// definition on two pages is a fault of paging, which `pagination.continue` judges.
    ///
    /// **Why:** a call by that name reaches one of the two, and nobody knows which.
    ///
    /// **Fix:** rename one of them.
    pub(crate) UNIQUE = "tools.name.unique";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    scenario: unique
}

async fn unique(bench: &Bench) -> Judgement {
    let tools = &bench.survey().tools.items;
    if tools.is_empty() {
        return Ok(Finding::unseen("no tool is listed", "list a tool"));
    }
    for tool in tools {
        bench.note_seq(tool.seq);
    }
    if twice(tools.iter().map(|t| (&t.value, t.seq))).is_none() {
        return Ok(Finding::Held);
    }
    // A tool that was changed, and moved to another page while the survey read them, came twice by chance.
    let now = walk(bench, &Connection::Shared, TOOLS, 60).await?;
    let tools = now.pages.iter().zip(0..).flat_map(|(page, n)| page.iter().map(move |t| (t, n)));
    Ok(match twice(tools) {
        None => Finding::Held,
        Some(name) => Finding::violated(
            "a name for one tool only",
            format!("{:?} is listed twice", clip(name, 60)),
        ),
    })
}

/// The first name that stands twice on a page, or on two pages with different definitions.
fn twice<'a>(tools: impl Iterator<Item = (&'a Value, u64)>) -> Option<&'a str> {
    let mut seen: BTreeMap<&str, (&Value, u64)> = BTreeMap::new();
    for (tool, page) in tools {
        let Some(name) = tool.get("name").and_then(Value::as_str) else { continue };
        if let Some((other, its)) = seen.insert(name, (tool, page))
            && (its == page || other != tool)
        {
            return Some(name);
        }
    }
    None
}

check! {
    /// **Observed:** a callable tool cannot be called by its name in the other case.
    ///
    /// **Why:** names that differ in case only are two tools; policies that allow one must not open the other.
    ///
    /// **Fix:** compare names as they are.
    pub(crate) CASE_SENSITIVE = "tools.name.case-sensitive";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    needs: [Tool];
    scenario: case_sensitive
}

async fn case_sensitive(bench: &Bench) -> Judgement {
    let tool = bench.prop(plumb_runner::Prop::Tool)?;
    let arguments = || Value::Object(tool.arguments.clone());
    let flipped: String = tool.name.chars().map(flip).collect();
    if flipped == tool.name || bench.survey().tool(&flipped).is_some() {
        return Ok(Finding::unseen(
            "the callable tool has no name in another case",
            "offer a tool whose name has letters",
        ));
    }
    bench.control(bench.call_of(&tool.name, arguments())).await?;
    let schema = bench
        .survey()
        .tool(&tool.name)
        .and_then(|t| t.get("inputSchema"))
        .cloned()
        .unwrap_or_else(|| json!({}));
    let other = bench.send(bench.call_of(&flipped, arguments()).mirrored(&schema)).await?;
    if other.is_refused()
        || other.complete().is_some_and(|r| r.get("isError") == Some(&json!(true)))
    {
        return Ok(Finding::Held);
    }
    if !other.is_accepted() {
        return Err(Trouble::Setup(other.describe()));
    }
    Ok(Finding::violated(format!("no tool of the name {flipped:?}"), other.describe()))
}

fn flip(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_for_two_tools_is_told_from_one_tool_on_two_pages() {
        let (one, other) = (json!({"name": "a"}), json!({"name": "a", "title": "another"}));
        let named = |tools: [(&Value, u64); 2]| twice(tools.into_iter()).is_some();
        assert!(named([(&one, 1), (&one, 1)]));
        assert!(named([(&one, 1), (&other, 2)]));
        // A fault of paging.
        assert!(!named([(&one, 1), (&one, 2)]));
    }
}
