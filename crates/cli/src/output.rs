//! What the terminal can do, and writing files.

use std::io::IsTerminal as _;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use plumb_model::Report;
use plumb_report::text::{inert, visible_line};

use crate::Failure;
use crate::args::Formats;

/// Errors.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// A report could not be written.
const UNWRITTEN: u8 = 7;

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
        anstream::eprintln!("{}", inert(&format!("note: {}", visible_line(note))));
    }
}

/// Writes the files that were asked for.
pub(crate) fn write_formats(report: &Report, formats: &Formats) -> Result<(), Failure> {
    type Render = fn(&Report) -> String;
    let wanted: [(&Option<std::path::PathBuf>, Render); 4] = [
        (&formats.junit, |r| plumb_report::junit::render(r)),
        (&formats.html, |r| plumb_report::html::render(r)),
        (&formats.sarif, |r| plumb_report::sarif::render(r)),
        (&formats.markdown, |r| plumb_report::markdown::render(r)),
    ];
    for (path, render) in wanted {
        if let Some(path) = path {
            write(path, &render(report))?;
        }
    }
    if let Some(path) = &formats.json {
        plumb_report::json::write(report, create(path)?)
            .with_context(|| format!("{} could not be written", path.display()))
            .map_err(|error| Failure::new(UNWRITTEN, error))?;
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = || -> anyhow::Result<()> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} could not be made", folder.display()))?;
        }
        std::fs::write(path, text)
            .with_context(|| format!("{} could not be written", path.display()))
    };
    written().map_err(|error| Failure::new(UNWRITTEN, error))
}

/// Opens a file for writing, and makes the folders above it.
pub(crate) fn create(path: &Path) -> Result<std::io::BufWriter<std::fs::File>, Failure> {
    write(path, "")?;
    let file = std::fs::File::create(path)
        .with_context(|| format!("{} could not be written", path.display()));
    Ok(std::io::BufWriter::new(file.map_err(|error| Failure::new(UNWRITTEN, error))?))
}
