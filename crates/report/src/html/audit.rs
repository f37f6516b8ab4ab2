//! An audit as one self-contained HTML file without any script.

use std::collections::BTreeMap;

use askama::Template;
use plumb_model::audit::{Item, Phase, Progress, State};
use plumb_model::{Audit, Exchange};

use super::exchange::{ExchangeView, Room};
use super::{STYLE, STYLE_HASH};
use crate::text::{visible, visible_line};

/// So many exchanges of an item are shown.
const SHOWN: usize = 4;

/// The audit as one HTML file.
pub fn render(audit: &Audit) -> String {
    // Rendering into a string fails for no template of ours.
    Page::of(audit).render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    style: &'static str,
    style_hash: &'static str,
    address: String,
    revision: String,
    found: usize,
    facts: Vec<String>,
    tiles: Vec<(&'static str, &'static str, usize)>,
    since: Option<String>,
    remarks: Vec<String>,
    phases: Vec<PhaseView>,
    rest: Vec<(&'static str, Vec<(String, String)>)>,
}

struct PhaseView {
    title: &'static str,
    items: Vec<ItemView>,
}

struct ItemView {
    id: String,
    title: String,
    mark: &'static str,
    class: &'static str,
    seen: Vec<String>,
    remedy: String,
    in_sdk: Option<String>,
    removal: Option<String>,
    requirement: String,
    url: Option<String>,
    exchanges: Vec<String>,
}

impl Page {
    fn of(audit: &Audit) -> Self {
        let exchanges = audit.exchanges.iter().map(|e| (e.seq, e)).collect();
        let count = |state| audit.count(state);
        let rest = [State::NotFound, State::NotObservable].map(|state| {
            let items = audit.items.iter().filter(|item| item.state == state);
            let why = |item: &Item| item.evidence.first().map_or(String::new(), |e| line(&e.seen));
            (state.words(), items.map(|item| (item.id.clone(), why(item))).collect())
        });
        Self {
            style: STYLE,
            style_hash: STYLE_HASH,
            address: line(&audit.target.address),
            revision: line(&audit.revision),
            found: count(State::Found),
            facts: crate::audit::facts(audit),
            tiles: vec![
                ("warning", "found", count(State::Found)),
                ("held", "not found", count(State::NotFound)),
                ("unverified", "not observable", count(State::NotObservable)),
            ],
            since: crate::audit::since(audit),
            remarks: audit.remarks.iter().map(|r| visible(r).into_owned()).collect(),
            phases: Phase::ALL.map(|phase| PhaseView::of(audit, phase, &exchanges)).into(),
            rest: rest.into(),
        }
    }
}

impl PhaseView {
    fn of(audit: &Audit, phase: Phase, exchanges: &BTreeMap<u64, &Exchange>) -> Self {
        let items =
            audit.items.iter().filter(|item| item.phase == phase).filter(crate::audit::told);
        let items = items.map(|item| ItemView::of(audit, item, exchanges)).collect();
        Self { title: phase.title(), items }
    }
}

impl ItemView {
    fn of(audit: &Audit, item: &Item, exchanges: &BTreeMap<u64, &Exchange>) -> Self {
        let (mark, class) = match item.progress() {
            Some(Progress::Done) => ("done", "held"),
            Some(Progress::New) => ("new", "warning"),
            _ => (item.effort.word(), "warning"),
        };
        let mut seqs: Vec<u64> =
            item.evidence.iter().flat_map(|e| e.exchanges.iter().copied()).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let shown = seqs.iter().filter_map(|seq| exchanges.get(seq)).take(SHOWN);
        let view = |exchange: &&Exchange| {
            let view = ExchangeView::of(exchange, None, Room::Narrow, &audit.target);
            view.render().unwrap_or_default()
        };
        Self {
            id: item.id.clone(),
            title: line(&item.title),
            mark,
            class,
            seen: item.evidence.iter().map(|e| line(&e.seen)).collect(),
            remedy: line(&item.remedy),
            in_sdk: item.in_sdk.as_deref().map(line),
            removal: item.removal.as_deref().map(line),
            requirement: line(&item.requirement),
            url: Some(item.url.clone()).filter(|url| url.starts_with("https://")),
            exchanges: shown.map(view).collect(),
        }
    }
}

fn line(text: &str) -> String {
    visible_line(text).into_owned()
}
