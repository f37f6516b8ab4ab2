//! What the terminal can do, and writing files.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::{Component, Path, PathBuf};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use plumb_model::Reports;
use plumb_report::junit::Grain;
use plumb_report::text::{inert, visible_line};

use crate::Failure;
use crate::args::Formats;
use crate::say::tell;

/// Errors.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// A report could not be written.
pub(crate) const UNWRITTEN: u8 = 7;

/// How the terminal wants its text.
pub(crate) fn style(verbose: bool) -> plumb_report::terminal::Style {
    let colour = match anstream::ColorChoice::global() {
        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => true,
        anstream::ColorChoice::Never => false,
        anstream::ColorChoice::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none()
                && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
        }
    };
    plumb_report::terminal::Style { colour, width: width(), verbose }
}

/// As many columns as the terminal has, within what reads well; as many as reads best, where there is none.
fn width() -> usize {
    let best = plumb_report::terminal::Style::default().width;
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    terminal.map_or(best, |(width, _)| usize::from(width.0).clamp(60, best))
}

/// Says what the user should know before a run begins.
pub(crate) fn notes(notes: &[String]) {
    for note in notes {
        tell!("{}", inert(&format!("note: {}", visible_line(note))));
    }
}

/// Tries whether the files that are asked for can be written, before a run has cost anything.
pub(crate) fn try_formats(formats: &Formats) -> Result<(), Failure> {
    let Formats { junit, junit_cases: _, html, json, sarif, markdown } = formats;
    let mut files = [junit, html, json, sarif, markdown].into_iter().flatten();
    files.try_for_each(|path| tried(path)).map_err(|error| Failure::new(UNWRITTEN, error))
}

/// The same for files that are named already.
pub(crate) fn try_files(files: &[std::path::PathBuf]) -> Result<(), Failure> {
    let mut files = files.iter();
    files.try_for_each(|path| tried(path)).map_err(|error| Failure::new(UNWRITTEN, error))
}

fn tried(path: &Path) -> anyhow::Result<()> {
    let is_new = !path.exists();
    folder_of(path)?;
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.with_context(|| format!("{} cannot be written", path.display()))?;
    if is_new {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Makes the text of the report that goes to this file.
type Render<'a> = &'a dyn Fn(&Path) -> String;

/// Writes the files that were asked for: every one that can be, before the first error is told.
pub(crate) fn write_formats(reports: &Reports, formats: &Formats) -> Result<(), Failure> {
    let grain = if formats.junit_cases { Grain::Case } else { Grain::Requirement };
    let junit = |_: &Path| plumb_report::junit::render_run(reports, grain);
    let html = |_: &Path| plumb_report::html::render_run(reports);
    let sarif = |path: &Path| plumb_report::sarif::render_run(reports, &place(path));
    let markdown = |_: &Path| plumb_report::markdown::render_run(reports);
    let wanted: [(&Option<PathBuf>, Render<'_>); 4] = [
        (&formats.junit, &junit),
        (&formats.html, &html),
        (&formats.sarif, &sarif),
        (&formats.markdown, &markdown),
    ];
    let mut outcome = Ok(());
    for (path, render) in wanted {
        if let Some(path) = path {
            outcome = outcome.and(write(path, &render(path)));
        }
    }
    match &formats.json {
        Some(path) => outcome.and(write_json(reports, path)),
        None => outcome,
    }
}

/// The file that code scanning shows results at, one that exists: the first of the target's command that lies below this folder,
/// else what tells about the target, else the report itself.
fn place(report: &Path) -> String {
    let is_here = |word: &String| {
        let path = Path::new(word);
        let inside =
            path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        inside && path.is_file()
    };
    let words = std::env::args().skip_while(|word| word != "--").skip(1);
    let told = ["plumb.toml", "known.toml", "README.md"].map(str::to_owned);
    let here = words.chain(told).find(is_here);
    let place = here.unwrap_or_else(|| report.display().to_string());
    place.trim_start_matches("./").replace('\\', "/")
}

fn write_json(reports: &Reports, path: &Path) -> Result<(), Failure> {
    let written = || -> anyhow::Result<()> {
        folder_of(path)?;
        beside(path, |file| plumb_report::json::write_run(reports, file))
    };
    written()
        .with_context(|| format!("{} could not be written", path.display()))
        .map_err(|error| Failure::new(UNWRITTEN, error))
}

/// Makes the folders above a file.
pub(crate) fn folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))
    })
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// The same for what is no text.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = || -> anyhow::Result<()> {
        folder_of(path)?;
        beside(path, |file| file.write_all(bytes))
            .with_context(|| format!("{} could not be written", path.display()))
    };
    written().map_err(|error| Failure::new(UNWRITTEN, error))
}

/// Writes beside a file and takes its place at once, so that nobody reads half of it; what is no file, such as a pipe, is
/// written as it is.
fn beside(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let is_file = std::fs::symlink_metadata(path).map_or(true, |about| about.is_file());
    let mut name = path.as_os_str().to_owned();
    if is_file {
        name.push(".part");
    }
    let mut file = BufWriter::new(File::create(&name)?);
    let written = write(&mut file).and_then(|()| file.flush());
    if is_file && written.is_err() {
        // A half would only take the room that is missing.
        let _ = std::fs::remove_file(&name);
    }
    written?;
    if is_file {
        std::fs::rename(&name, path)?;
    }
    Ok(())
}
