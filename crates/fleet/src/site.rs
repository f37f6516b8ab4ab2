//! A fleet as pages: an index of areas, a page an area, a page a server, what changed, and badges. All of it is read
//! without a script; one of a few lines adds a search.

mod beside;
mod verdicts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use askama::Template;
use plumb_certificate::{Digest, Standing, badge, revision_of};

use beside::Beside;
use verdicts::{Urls, Verdicts, urls, verdicts};

use crate::Evidence;
use crate::evidence::Shown;
use crate::matrix::{Changes, Matrix, Row, tally};

/// Where an area has no name.
const OTHERS: &str = "Others";
/// Requirements that most servers break, on the first page.
const OFTEN: usize = 12;
/// So many servers at most all stand on the first page.
const FEW: usize = 60;

/// The matrix that a site is made of, beside its pages.
const MATRIX: &str = "matrix.json";
/// What the search looks through.
const SEARCHED: &str = "search.json";
/// What changed since the fleet before, if there is one.
const CHANGES: &str = "changes.html";

const STYLE: &str = include_str!("../templates/style.css");
const SEARCH: &str = include_str!("../templates/search.js");

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    sets: &'a str,
    count: String,
    /// Whether all servers stand on the first page.
    few: bool,
    tally: Vec<Share>,
    /// If there are several.
    revisions: Vec<OfRevision<'a>>,
    areas: Vec<Area<'a>>,
    often: Vec<Often<'a>>,
    changes: Option<&'a Changes>,
}

#[derive(Template)]
#[template(path = "area.html")]
struct AreaPage<'a> {
    sets: &'a str,
    area: &'a Area<'a>,
}

#[derive(Template)]
#[template(path = "server.html")]
struct ServerPage<'a> {
    sets: &'a str,
    server: Server<'a>,
    area: (&'a str, String),
    verdicts: Vec<Verdicts<'a>>,
    /// The path of its bundle, if its result is there.
    bundle: Option<String>,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage<'a> {
    sets: &'a str,
    broke: Vec<Changed<'a>>,
    healed: Vec<Changed<'a>>,
    new: &'a [String],
    gone: &'a [String],
}

/// The servers of one revision.
struct OfRevision<'a> {
    name: &'a str,
    servers: usize,
    tally: Vec<Share>,
}

/// A part of a bar.
struct Share {
    class: &'static str,
    words: &'static str,
    count: usize,
    /// Hundredths of the whole.
    wide: usize,
}

struct Area<'a> {
    name: &'a str,
    slug: String,
    tally: Vec<Share>,
    servers: Vec<Server<'a>>,
}

struct Server<'a> {
    row: &'a Row,
    slug: String,
    class: &'static str,
    words: &'static str,
    violated: usize,
    reservations: usize,
}

struct Often<'a> {
    id: &'a str,
    summary: &'a str,
    count: usize,
}

struct Changed<'a> {
    name: &'a str,
    slug: String,
    versions: String,
    ids: &'a [String],
}

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A result cannot be read, or is spoilt.
    #[error("the results could not be read")]
    Results(#[source] io::Error),
    /// The folder takes no pages.
    #[error("{} could not be written", .0.display())]
    Pages(PathBuf, #[source] io::Error),
}

/// Writes the pages of a fleet into a folder; with an earlier fleet, what changed since; with its results, what each server
/// said, and its bundle. Gives of how many servers there are results. Older pages stay until all of the new ones are there.
pub fn write(
    folder: &Path,
    matrix: &Matrix,
    before: Option<&Matrix>,
    evidence: &Evidence,
) -> Result<usize, SiteError> {
    let unwritten = |error| SiteError::Pages(folder.to_owned(), error);
    let beside = Beside::of(folder).map_err(unwritten)?;
    let urls = urls(matrix);
    let mut with_results = 0;
    for row in &matrix.servers {
        let shown = evidence.of(row).map_err(SiteError::Results)?;
        with_results += usize::from(shown.is_some());
        server(beside.path(), matrix, (row, &urls), shown).map_err(unwritten)?;
    }
    index(beside.path(), matrix, before).map_err(unwritten)?;
    beside.into_place().map_err(unwritten)?;
    Ok(with_results)
}

/// The page of a server, its badges, and its bundle, if its result is there.
fn server(
    folder: &Path,
    matrix: &Matrix,
    (row, urls): (&Row, &Urls<'_>),
    shown: Option<Shown>,
) -> io::Result<()> {
    let sets = &sets(matrix);
    let server = Server::of(row);
    let area = area_of(row);
    let bundle = shown.as_ref().map(|_| format!("bundles/{}.json", server.slug));
    if let (Some(path), Some(shown)) = (&bundle, &shown) {
        fs::write(folder.join(path), &shown.bundle)?;
    }
    let path = format!("servers/{}.html", server.slug);
    if let Some(judgement) = &row.judgement {
        // A version has dots of its own: the ending is put behind it, not in place of its last part.
        let badge = |ending| folder.join(format!("badges/{}.{ending}", server.slug));
        fs::write(badge("svg"), badge::svg(judgement))?;
        fs::write(badge("json"), badge::endpoint(judgement))?;
    }
    let verdicts = verdicts(matrix, row, urls, shown.as_ref());
    let page = ServerPage { sets, server, area: (area, slug(area, "")), verdicts, bundle };
    put(folder, &path, &page)
}

/// The first page, those of areas and of what changed, and what they are made with.
fn index(folder: &Path, matrix: &Matrix, before: Option<&Matrix>) -> io::Result<()> {
    let changes = before.map(|before| matrix.since(before));
    let sets = &sets(matrix);
    let index = Index {
        sets,
        count: counted(matrix.servers.len()),
        few: matrix.servers.len() <= FEW,
        tally: shares(matrix.tally()),
        revisions: revisions(matrix),
        often: often(matrix),
        changes: changes.as_ref(),
        areas: areas(matrix),
    };
    for area in &index.areas {
        let page = AreaPage { sets, area };
        put(folder, &format!("areas/{}.html", area.slug), &page)?;
    }
    if let Some(changes) = &changes {
        let page = ChangesPage {
            sets,
            broke: changes.broke.iter().map(Changed::of).collect(),
            healed: changes.healed.iter().map(Changed::of).collect(),
            new: &changes.new,
            gone: &changes.gone,
        };
        put(folder, CHANGES, &page)?;
    }
    put(folder, "index.html", &index)?;
    fs::write(folder.join(SEARCHED), search(matrix)?)?;
    fs::write(folder.join("search.js"), SEARCH)?;
    fs::write(folder.join("style.css"), STYLE)?;
    fs::write(folder.join(MATRIX), matrix.to_bytes())
}

/// The frozen sets that a fleet is judged by, in a sentence.
fn sets(matrix: &Matrix) -> String {
    match matrix.sets.as_slice() {
        [one] => format!("the frozen set {one}"),
        several => {
            format!("the frozen sets {}, each server by that of its revision", several.join(", "))
        }
    }
}

/// So many servers, in groups of three digits.
fn counted(servers: usize) -> String {
    let digits = servers.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| String::from_utf8_lossy(group)).collect();
    format!("{} MCP server{}", groups.join("\u{a0}"), if servers == 1 { "" } else { "s" })
}

fn put(folder: &Path, name: &str, page: &impl Template) -> io::Result<()> {
    fs::write(folder.join(name), page.render().map_err(io::Error::other)?)
}

/// What the search looks through: name, version, area, standing, page, revision.
fn search(matrix: &Matrix) -> io::Result<Vec<u8>> {
    let rows = matrix.servers.iter().map(|row| {
        let server = Server::of(row);
        let revision = set_of(row).map(revision_of).unwrap_or_default();
        (&row.name, &row.version, area_of(row), server.class, server.words, server.slug, revision)
    });
    Ok(serde_json::to_vec(&rows.collect::<Vec<_>>())?)
}

fn revisions<'a>(matrix: &'a Matrix) -> Vec<OfRevision<'a>> {
    let revision = |set: &'a String| {
        let rows = matrix.servers.iter().filter(|row| set_of(row) == Some(set.as_str()));
        let rows: Vec<&Row> = rows.collect();
        let (name, servers) = (revision_of(set), rows.len());
        OfRevision { name, servers, tally: shares(tally(rows.into_iter())) }
    };
    if matrix.sets.len() > 1 { matrix.sets.iter().map(revision).collect() } else { Vec::new() }
}

fn areas<'a>(matrix: &'a Matrix) -> Vec<Area<'a>> {
    let mut by_name: BTreeMap<(bool, &str), Vec<&Row>> = BTreeMap::new();
    for row in &matrix.servers {
        by_name.entry((row.area.is_empty(), area_of(row))).or_default().push(row);
    }
    let area = |((_, name), rows): ((bool, &'a str), Vec<&'a Row>)| Area {
        name,
        slug: slug(name, ""),
        servers: rows.iter().map(|row| Server::of(row)).collect(),
        tally: shares(tally(rows.into_iter())),
    };
    by_name.into_iter().map(area).collect()
}

fn area_of(row: &Row) -> &str {
    if row.area.is_empty() { OTHERS } else { &row.area }
}

fn often(matrix: &Matrix) -> Vec<Often<'_>> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &matrix.servers {
        for (at, _) in row.verdicts.chars().enumerate().filter(|(_, letter)| *letter == 'f') {
            *counts.entry(at).or_default() += 1;
        }
    }
    let mut often: Vec<Often<'_>> = counts
        .into_iter()
        .filter_map(|(at, count)| {
            let requirement = matrix.requirements.get(at)?;
            Some(Often { id: &requirement.id, summary: &requirement.summary, count })
        })
        .collect();
    often.sort_by(|a, b| b.count.cmp(&a.count).then(a.id.cmp(b.id)));
    often.truncate(OFTEN);
    often
}

fn shares(tally: Vec<(Option<Standing>, usize)>) -> Vec<Share> {
    let whole: usize = tally.iter().map(|(_, count)| count).sum();
    let share = |(standing, count): (Option<Standing>, usize)| {
        let (class, words) = shown(standing);
        Share { class, words, count, wide: (count * 10_000) / whole.max(1) }
    };
    tally.into_iter().map(share).collect()
}

fn shown(standing: Option<Standing>) -> (&'static str, &'static str) {
    let class = match standing {
        Some(Standing::Conformant) => "yes",
        Some(Standing::ConformantWithReservations) => "mostly",
        Some(Standing::NotConformant) => "no",
        Some(Standing::Undecided) => "open",
        None => "none",
    };
    (class, standing.map_or("not judged", Standing::words))
}

impl<'a> Server<'a> {
    fn of(row: &'a Row) -> Self {
        let (class, words) = shown(row.judgement.as_ref().map(|judgement| judgement.standing));
        let words = if row.judgement.is_none() { row.class.words() } else { words };
        let count =
            |of: fn(&plumb_certificate::Judgement) -> usize| row.judgement.as_ref().map_or(0, of);
        Self {
            row,
            slug: slug(&row.name, &row.version),
            class,
            words,
            violated: count(|judgement| judgement.violated.len()),
            reservations: count(|judgement| judgement.reservations.len()),
        }
    }
}

impl Server<'_> {
    fn set(&self) -> Option<&str> {
        set_of(self.row)
    }
}

/// The frozen set that a server was judged by.
fn set_of(row: &Row) -> Option<&str> {
    row.judgement.as_ref().map(|judgement| judgement.set.as_str())
}

impl<'a> Changed<'a> {
    fn of(change: &'a crate::Change) -> Self {
        let same = change.from == change.to;
        let versions =
            if same { change.to.clone() } else { format!("{} → {}", change.from, change.to) };
        let slug = slug(&change.name, &change.to);
        Self { name: &change.name, slug, versions, ids: &change.ids }
    }
}

/// A file name for a server: readable, and its own whatever its name holds.
fn slug(name: &str, version: &str) -> String {
    let plain = |text: &str| -> String {
        let kept =
            text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' });
        kept.take(60).collect::<String>().trim_matches(['-', '.']).to_owned()
    };
    let digest = Digest::of(format!("{name}\0{version}").as_bytes());
    let own: String = digest.hex().chars().take(8).collect();
    let parts = [plain(name), plain(version), own];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
