//! An audit as Markdown with check boxes, for an issue or a pull request.

use plumb_model::Audit;
use plumb_model::audit::{Item, Phase, Progress, State};

use super::{counts, facts, number, since, told};
use crate::markdown::{code, link, text};

/// So many things that were seen of an item are told.
const SEEN: usize = 8;

/// The list with a box for each item: checked where it was found before and is gone.
pub fn render(audit: &Audit) -> String {
    let mut out = vec![
        format!("## To MCP {}: {}", text(&audit.revision), code(&audit.target.address)),
        String::new(),
    ];
    out.extend(facts(audit).iter().map(|fact| format!("{}  ", text(fact))));
    out.push(counts(audit));
    out.extend(since(audit).into_iter().flat_map(|since| [String::new(), since]));
    for (n, phase) in Phase::ALL.into_iter().enumerate() {
        let found = number(audit.found(phase).count());
        out.extend([
            String::new(),
            format!("### {}. {}: {found}", n + 1, phase.title()),
            String::new(),
        ]);
        let items = audit.items.iter().filter(|item| item.phase == phase);
        out.extend(items.filter(told).map(boxed));
    }
    out.extend(rest(audit));
    out.extend(audit.remarks.iter().map(|remark| format!("\n{}", text(remark))));
    out.join("\n") + "\n"
}

fn boxed(item: &Item) -> String {
    let done = item.progress() == Some(Progress::Done);
    let mark = if done { "x" } else { " " };
    let new = if item.progress() == Some(Progress::New) { ", new" } else { "" };
    let mut out = format!(
        "- [{mark}] {}: {} ({}{new})",
        code(&item.id),
        text(&item.title),
        item.effort.word()
    );
    if done {
        return out;
    }
    let mut line = |words: &str| out.extend(["\n  - ", words]);
    for evidence in item.evidence.iter().take(SEEN) {
        line(&format!("seen: {}", text(&evidence.seen)));
    }
    if let Some(more) = item.evidence.len().checked_sub(SEEN).filter(|more| *more > 0) {
        line(&format!("… and {more} more"));
    }
    line(&format!("{} ({})", text(&item.remedy), link(&item.requirement, &item.url)));
    if let Some(in_sdk) = &item.in_sdk {
        line(&format!("in this SDK: {}", text(in_sdk)));
    }
    if let Some(removal) = &item.removal {
        line(&format!("deprecated; earliest removal: {}", text(removal)));
    }
    out
}

fn rest(audit: &Audit) -> Vec<String> {
    let mut out = Vec::new();
    for state in [State::NotFound, State::NotObservable] {
        let items = audit.items.iter().filter(|item| item.state == state && !told(item));
        let rows: Vec<String> = items
            .map(|item| {
                let why = item.evidence.first().map_or("", |e| &e.seen);
                format!("- {}: {}", code(&item.id), text(why))
            })
            .collect();
        if !rows.is_empty() {
            let title = format!("<details><summary>{} {}</summary>", rows.len(), state.words());
            out.extend([String::new(), title, String::new()]);
            out.extend(rows);
            out.extend([String::new(), "</details>".into()]);
        }
    }
    out
}
