//! `plumb manual`: man pages and completions, as packages carry them.

use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Args;
use crate::{Exit, Failure, output};

/// Where each shell looks for completions, below `share`.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions/plumb"),
    (Shell::Fish, "fish/vendor_completions.d/plumb.fish"),
    (Shell::Zsh, "zsh/site-functions/_plumb"),
];

/// Writes a page for each command, and a completion script for each shell, into a folder laid out as `share` is.
pub(crate) fn write(folder: &Path) -> Exit {
    let mut command = Args::command();
    for (shell, name) in COMPLETIONS {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "plumb", &mut script);
        output::write_bytes(&folder.join(name), &script)?;
    }
    // What a command inherits is settled, and its whole name known.
    command.build();
    pages(&command, "plumb", &folder.join("man/man1"))?;
    Ok(0)
}

fn pages(command: &Command, name: &str, folder: &Path) -> Result<(), Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    rendered.with_context(|| format!("the page {name} could not be written"))?;
    output::write_bytes(&folder.join(format!("{name}.1")), &page)?;
    for sub in
        command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        pages(sub, &format!("{name}-{}", sub.get_name()), folder)?;
    }
    Ok(())
}
