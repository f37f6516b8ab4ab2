//! The requirements that need no reader, as data: the script makes elements of them when they are unfolded, so that a page of
//! hundreds opens at once.

use std::collections::BTreeMap;

use plumb_model::report::CheckReport;
use plumb_model::{Report, Verdict};
use serde::Serialize;

use super::{class, force, markup};
use crate::docs;
use crate::findings::Standing;
use crate::text::visible;

/// The data, as the script takes it.
#[derive(Serialize, Default)]
pub(super) struct Rest {
    /// Reasons and what to add, by number.
    whys: Vec<[String; 2]>,
    /// Pages of the specification: the address that those of their requirements begin with.
    pages: Vec<String>,
    /// The requirements, by page.
    checks: Vec<Vec<Row>>,
}

/// One requirement. Its names are short, for there are many.
#[derive(Serialize)]
struct Row {
    /// Id.
    i: String,
    /// The anchor, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<String>,
    /// Standing: the class, and the word.
    v: [&'static str; 2],
    /// Level.
    l: &'static str,
    /// What it rests on, unless that is the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    f: Option<&'static str>,
    /// The requirement in our words.
    s: String,
    /// Where in its page.
    a: String,
    /// What is observed.
    #[serde(skip_serializing_if = "String::is_empty")]
    o: String,
    /// The number of its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    w: Option<usize>,
    /// Its cases: titles, and how many of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    c: Vec<(String, u32)>,
}

impl Rest {
    /// Takes the requirements of a page that are told here, their anchors with this prefix; gives its place.
    pub(super) fn take(&mut self, group: &[&CheckReport], prefix: &str) -> usize {
        let page = group.first().map_or("", |c| split(&c.info.url).0);
        self.pages.push(if markup::is_web(page) { page.to_owned() } else { String::new() });
        let rows = group.iter().map(|check| self.row(check, page, prefix)).collect();
        self.checks.push(rows);
        self.checks.len() - 1
    }

    /// As the content of an element that no browser executes: nothing in it ends that element.
    pub(super) fn embedded(&self) -> String {
        serde_json::to_string(self).unwrap_or_default().replace('<', "\\u003c")
    }

    fn row(&mut self, check: &CheckReport, page: &str, prefix: &str) -> Row {
        let info = &check.info;
        let standing = Standing::of(check);
        let (of, anchor) = split(&info.url);
        let held = standing == Standing::Held;
        Row {
            i: shown(&info.id),
            k: (!prefix.is_empty()).then(|| shown(&format!("{prefix}{}", info.id))),
            v: [class(standing), standing.one()],
            l: info.level.keyword(),
            f: force(info.force),
            s: shown(&info.summary),
            a: if of == page { anchor.to_owned() } else { String::new() },
            o: if held { shown(&docs::observed(&info.docs)) } else { String::new() },
            w: self.why(&check.verdict),
            c: cases(check),
        }
    }

    fn why(&mut self, verdict: &Verdict) -> Option<usize> {
        let told = match verdict {
            Verdict::Unverified { why, how_to_enable } => [shown(why), shown(how_to_enable)],
            Verdict::NotApplicable { why } => [shown(why), String::new()],
            _ => return None,
        };
        Some(self.whys.iter().position(|w| *w == told).unwrap_or_else(|| {
            self.whys.push(told);
            self.whys.len() - 1
        }))
    }
}

fn cases(check: &CheckReport) -> Vec<(String, u32)> {
    let mut titles: Vec<(String, u32)> = Vec::new();
    let held = check.cases.iter().filter(|c| matches!(c.verdict, Verdict::Held));
    let mut by_title: BTreeMap<&str, usize> = BTreeMap::new();
    for case in held {
        let at = *by_title.entry(case.title.as_str()).or_insert_with(|| {
            titles.push((shown(&case.title), 0));
            titles.len() - 1
        });
        titles[at].1 = titles[at].1.saturating_add(case.count.max(1));
    }
    titles
}

/// The page's address, and the anchor on it.
fn split(url: &str) -> (&str, &str) {
    url.split_once('#').unwrap_or((url, ""))
}

fn shown(text: &str) -> String {
    visible(text).into_owned()
}

/// The requirements that are told here, by page.
pub(super) fn groups(
    report: &Report,
    told: fn(&CheckReport) -> bool,
) -> Vec<(&str, Vec<&CheckReport>)> {
    let pages = crate::findings::pages(report).into_iter();
    let kept = pages
        .map(|page| (page.name, page.checks.into_iter().filter(|c| told(c)).collect::<Vec<_>>()));
    kept.filter(|(_, checks)| !checks.is_empty()).collect()
}
