//! `plumb certify` and `plumb verify`: a run judged by a frozen set, and the bundle that says so.

mod entry;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use plumb_certificate::{
    About, Bundle, Confinement, Judgement, Set, Signature, Signer, Standing, Verifier, badge,
    canonical, revision_of,
};
use plumb_model::report::Outcome;
use plumb_model::{Edition, Report, Role, Secrets};

use entry::Prepared;
use plumb_runner::Budget;
use plumb_wire::limits::{RECORDING, read_file};

use crate::args::{CertifyArgs, Revisions, RunArgs, VerifyArgs};
use crate::config::{self, Config};
use crate::say;
use crate::{Exit, Failure, output, run};

/// Ids that are named for one reason; the bundle has all of them.
const NAMED: usize = 6;

/// Judges a server by a frozen set, and writes a bundle and a badge beside the reports.
pub(crate) async fn certify(
    edition: Arc<Edition>,
    mut args: CertifyArgs,
    secrets: Secrets,
) -> Exit {
    if let Some(name) = &args.freeze {
        let edition = edition_of(revision_of(name))?;
        say::out(&Set::freeze(name, &edition, &judged(&edition)?));
        return Ok(0);
    }
    let set = args.set.as_deref().map(Set::named).transpose()?;
    let config = Config::read(args.run.target.config.as_deref(), &edition.positions)?;
    refuse(&args.run, &config)?;
    in_full(&mut args.run, set.as_ref());
    let signer = args.sign.as_deref().map(signer).transpose()?;
    let out = args.run.judging.out.clone();
    let bundle = args.bundle.clone().unwrap_or_else(|| out.join("bundle.json"));
    let files = [bundle.clone(), out.join("badge.svg"), out.join("badge.json")];
    output::try_files(&files)?;
    let quiet = args.run.judging.quiet;
    let (report, about) = judged_target(edition, &mut args, &secrets).await?;
    let spoken = &report.run.revision;
    let set = set.map_or_else(|| Set::latest_of(spoken), Ok)?;
    let judgement = set.judge(&report, &edition_of(set.revision())?);
    let bytes = Bundle::seal(&report, judgement.clone(), about, signer.as_ref());
    output::write_bytes(&files[0], &bytes)?;
    output::write(&files[1], &badge::svg(&judgement))?;
    output::write(&files[2], &badge::endpoint(&judgement))?;
    say_standing(&judgement, quiet);
    if !quiet {
        let [bundle, svg, json] = &files;
        let [bundle, svg, json] = [bundle, svg, json].map(|path| path.display());
        say::line(&format!("certificate: {bundle}, {svg}, {json}"));
    }
    Ok(exit_code(&judgement, report.outcome()))
}

/// A certificate is by one revision, that of the set or the newest that the target speaks, and takes the time that the answers
/// ask for, unless it is given some: what it shows must not hang on how busy a machine is.
fn in_full(run: &mut RunArgs, set: Option<&Set>) {
    run.revision = Some(match set {
        Some(set) => Revisions::Named(vec![set.revision().to_owned()]),
        None => Revisions::Newest,
    });
    run.judging.budget.get_or_insert(Budget::Auto);
}

/// The run of a target, however it is named, and what is known about it besides.
async fn judged_target(
    newest: Arc<Edition>,
    args: &mut CertifyArgs,
    secrets: &Secrets,
) -> Result<(Report, About), Failure> {
    let prepared = match entry::path(args) {
        Some(path) => Some(entry::prepare(&path, args).await?),
        None => None,
    };
    let remote = args.run.target.url.is_some();
    let about = match prepared {
        Some(Prepared::Done(report, about)) => {
            entry::write_reports(&report, &args.run)?;
            return Ok((*report, about));
        }
        Some(Prepared::Here(about)) => about,
        None => {
            let confinement = if remote { Confinement::Remote } else { Confinement::None };
            About { entry: None, confinement }
        }
    };
    let reports = run::judged(newest, args.run.clone(), secrets.clone()).await?;
    Ok((reports.into_first(), about))
}

fn edition_of(revision: &str) -> anyhow::Result<Edition> {
    Edition::of(revision).with_context(|| format!("revision {revision} is not judged"))
}

/// Checks a bundle, says what it says, and renders the reports of its run.
pub(crate) fn verify(args: &VerifyArgs) -> Exit {
    let key = args.key.as_deref().map(verifier).transpose()?;
    let shown = args.bundle.display();
    let bytes =
        read_file(&args.bundle, RECORDING).with_context(|| format!("{shown} could not be read"))?;
    let bundle = Bundle::open(&bytes, key.as_ref());
    let bundle = bundle.map_err(|error| {
        Failure::new(1, anyhow::Error::new(error).context(format!("{shown} is not verified")))
    })?;
    let written = output::write_formats(&bundle.report.clone().into(), &args.formats);
    if let Some(path) = &args.statement {
        output::write_bytes(path, &canonical(&bundle.statement))?;
    }
    if !args.quiet {
        let style = output::style(args.verbose);
        say::out(&plumb_report::terminal::summary(&bundle.report, &style));
    }
    written?;
    let predicate = &bundle.statement.predicate;
    let (target, occasion) = (&predicate.target, &predicate.occasion);
    let version = target.version.as_deref().unwrap_or_default();
    say_standing(&predicate.judgement, args.quiet);
    // A bundle is what somebody else has written, and repeats what a target calls itself.
    say::line(&format!("target: {} {version}, {}", target.name, occasion.started));
    say::line(&format!("verified: {}", vouched(&bundle.signature)));
    Ok(exit_code(&predicate.judgement, bundle.report.outcome()))
}

fn vouched(signature: &Signature) -> String {
    match signature {
        Signature::Unsigned => {
            "every digest is right; it is not signed, so anybody could have written it".to_owned()
        }
        Signature::Trusted(key) => {
            format!("every digest is right, and it is signed with your key {key}")
        }
        Signature::Unknown(key) => {
            format!("every digest is right; it is signed with {key}, which --key would hold it to")
        }
    }
}

fn say_standing(judgement: &Judgement, quiet: bool) {
    say::line(&format!("{} by {}", judgement.standing.words(), judgement.set));
    if quiet {
        return;
    }
    let told = |words: &str, ids: &[&str]| {
        let more = if ids.len() > NAMED { ", …" } else { "" };
        let named = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        say::line(&format!("  {:>4} {words}: {named}{more}", ids.len()));
    };
    for (words, ids) in [("violated", &judgement.violated), ("undecided", &judgement.undecided)] {
        if !ids.is_empty() {
            told(words, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    for (why, ids) in judgement.by_reason() {
        told(why.words(), &ids);
    }
}

/// The exit code of a certificate: what failed the run and the set has nothing to do with fails nothing.
fn exit_code(judgement: &Judgement, outcome: Outcome) -> u8 {
    match judgement.standing {
        _ if outcome == Outcome::OurFault => Outcome::OurFault.exit_code(),
        Standing::Conformant | Standing::ConformantWithReservations => 0,
        Standing::NotConformant => Outcome::Violations.exit_code(),
        Standing::Undecided => Outcome::Inconclusive.exit_code(),
    }
}

/// A certificate is about all of a set: nothing that narrows or excuses is taken.
fn refuse(run: &RunArgs, config: &Config) -> anyhow::Result<()> {
    let judging = &run.judging;
    let given = [
        ("--only", !judging.only.is_empty()),
        ("--known", judging.known.is_some()),
        ("a [known] list in plumb.toml", !config.known.is_empty()),
        ("--suite", judging.suite != "core"),
        ("--revision, which --set names", run.revision.is_some()),
        ("--vectors", !run.vectors.is_empty()),
        ("--authorization-server", run.issuer.authorization_server.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((what, _)) => bail!(
            "{what}: a certificate judges all that its frozen set names, and excuses nothing; `plumb run` takes it (what \
             [run] of plumb.toml says counts as well: `--config -` reads none)"
        ),
        None => Ok(()),
    }
}

/// What the core suite judges of a server.
fn judged(edition: &Edition) -> anyhow::Result<BTreeSet<String>> {
    let suite = run::named_suite(edition, "core")?;
    let checks = plumb_checks::of_servers();
    let rows =
        edition.ledger.rows().iter().filter(|row| suite.selects(row) && row.binds(Role::Server));
    let judged = rows.filter(|row| checks.iter().any(|c| c.is_for(edition) && c.covers(&row.id)));
    Ok(judged.map(|row| row.id.clone()).collect())
}

fn signer(path: &Path) -> anyhow::Result<Signer> {
    let text = config::read(path)?;
    Signer::from_pem(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

pub(crate) fn verifier(path: &Path) -> anyhow::Result<Verifier> {
    let text = config::read(path)?;
    Verifier::from_pem(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    #[test]
    fn a_certificate_is_by_one_revision_and_takes_its_time_unless_it_is_given_some() {
        let told = |words: &[&str], set: Option<&str>| {
            let args = Args::try_parse_from([&["plumb", "certify"], words].concat());
            let Ok(Command::Certify(mut args)) = args.map(|args| args.command) else {
                panic!("no certificate")
            };
            let set = set.map(|name| Set::named(name).expect("a set"));
            in_full(&mut args.run, set.as_ref());
            let by = args.run.revision.map(|revision| revision.word()).unwrap_or_default();
            format!("{by} {}", args.run.judging.budget())
        };
        assert_eq!(told(&[], None), "newest auto");
        let named = told(&["--budget", "90"], Some("2025-11-25/1"));
        assert_eq!(named, "2025-11-25 90");
    }
}
