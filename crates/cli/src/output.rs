//! What the terminal can do, and writing files.

use std::fs::TryLockError;
use std::io::IsTerminal as _;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, bail};
use plumb_model::Report;
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
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none()
        && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
    plumb_report::terminal::Style { colour, verbose, ..plumb_report::terminal::Style::default() }
}

/// Says what the user should know before a run begins.
pub(crate) fn notes(notes: &[String]) {
    for note in notes {
        tell!("{}", inert(&format!("note: {}", visible_line(note))));
    }
}

/// Tries whether the files that are asked for can be written, before a run has cost anything.
pub(crate) fn try_formats(formats: &Formats) -> Result<(), Failure> {
    let Formats { junit, html, json, sarif, markdown } = formats;
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

/// Writes the files that were asked for: every one that can be, before the first error is told.
pub(crate) fn write_formats(report: &Report, formats: &Formats) -> Result<(), Failure> {
    type Render = fn(&Report) -> String;
    let wanted: [(&Option<std::path::PathBuf>, Render); 4] = [
        (&formats.junit, |r| plumb_report::junit::render(r)),
        (&formats.html, |r| plumb_report::html::render(r)),
        (&formats.sarif, |r| plumb_report::sarif::render(r)),
        (&formats.markdown, |r| plumb_report::markdown::render(r)),
    ];
    let mut outcome = Ok(());
    for (path, render) in wanted {
        if let Some(path) = path {
            outcome = outcome.and(write(path, &render(report)));
        }
    }
    match &formats.json {
        Some(path) => outcome.and(write_json(report, path)),
        None => outcome,
    }
}

fn write_json(report: &Report, path: &Path) -> Result<(), Failure> {
    use std::io::Write as _;
    let written = || -> anyhow::Result<()> {
        folder_of(path)?;
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        plumb_report::json::write(report, &mut file)?;
        Ok(file.flush()?)
    };
    written()
        .with_context(|| format!("{} could not be written", path.display()))
        .map_err(|error| Failure::new(UNWRITTEN, error))
}

fn folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))
    })
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = || -> anyhow::Result<()> {
        folder_of(path)?;
        std::fs::write(path, text)
            .with_context(|| format!("{} could not be written", path.display()))
    };
    written().map_err(|error| Failure::new(UNWRITTEN, error))
}

/// Opens the recording of a run for writing, and makes the folders above it. It is locked as long as it is open, and the system
/// unlocks it however the run ends.
pub(crate) fn create_locked(path: &Path) -> Result<std::fs::File, Failure> {
    let opened = || -> anyhow::Result<std::fs::File> {
        folder_of(path)?;
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("{} could not be written", path.display()))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let folder = path.parent().unwrap_or(path).display();
                bail!("another run writes into {folder}: name another folder with --out");
            }
            // Not every file system knows locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // What is no file, such as a pipe, has no length.
        if file.metadata().is_ok_and(|about| about.is_file()) {
            file.set_len(0)?;
        }
        Ok(file)
    };
    opened().map_err(|error| Failure::new(UNWRITTEN, error))
}
