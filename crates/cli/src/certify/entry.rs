//! `plumb certify server.json`: from an entry of a registry to a run, confined unless somebody asks for less.

mod fetched;
mod sandboxed;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use plumb_certificate::{About, Confinement, Identity};
use plumb_entry::sandbox::Bounds;
use plumb_entry::{Answers, Entry, Fetch, Plan, PlanError, Question, Way};
use plumb_model::Report;

use crate::args::{CertifyArgs, RunArgs};
use crate::say;
use crate::{Failure, config, output};

/// The entry has inputs that nobody has answered.
const NEEDS_ANSWERS: u8 = 8;

/// What an entry comes to.
pub(super) enum Prepared {
    /// A run of this process, with the target filled in.
    Here(About),
    /// A run that a sandbox has carried out.
    Done(Box<Report>, About),
}

/// Whether the target of the command line is an entry of a registry.
pub(super) fn path(args: &CertifyArgs) -> Option<PathBuf> {
    let path = PathBuf::from(args.run.target.url.as_deref()?);
    (path.extension().is_some_and(|ending| ending == "json") && path.is_file()).then_some(path)
}

/// Fills in the target from an entry, or runs it in a sandbox.
pub(super) async fn prepare(path: &Path, args: &mut CertifyArgs) -> Result<Prepared, Failure> {
    let shown = path.display();
    let entry =
        Entry::parse(&config::read(path)?).with_context(|| format!("{shown} is no entry"))?;
    let answers = match &args.answers {
        Some(file) => Answers::parse(&config::read(file)?)
            .with_context(|| format!("{} is no answers file", file.display()))?,
        None => Answers::default(),
    };
    let plan = match plumb_entry::plan(&entry, &answers, args.remote) {
        Ok(plan) => plan,
        Err(PlanError::NeedsAnswers(questions)) => {
            return Err(asked(&shown.to_string(), &questions));
        }
        Err(error) => return Err(anyhow!("{shown}: {error}").into()),
    };
    for (name, value) in plan.secrets.iter().filter(|(_, value)| !value.is_empty()) {
        args.run.target.secret.push(format!("{name}={value}"));
    }
    let identity = Identity {
        name: entry.name.clone(),
        version: Some(entry.version.clone()),
        package: Some(plan.package.clone()),
        ..Identity::default()
    };
    args.run.target.url = None;
    confined(plan, identity, args, &answers).await
}

/// Prints an answers file to fill in.
fn asked(shown: &str, questions: &[Question]) -> Failure {
    say::out(&Answers::asked(questions));
    let told = anyhow!("{shown} needs answers: fill in the file above, and give it with --answers");
    Failure::new(NEEDS_ANSWERS, told)
}

async fn confined(
    plan: Plan,
    mut identity: Identity,
    args: &mut CertifyArgs,
    answers: &Answers,
) -> Result<Prepared, Failure> {
    let (fetch, url, arguments, env) = match plan.way {
        Way::Remote { url, headers } => {
            let target = &mut args.run.target;
            target.header.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
            target.url = Some(url.clone());
            identity.url = Some(url);
            return Ok(Prepared::Here(About {
                entry: Some(identity),
                confinement: Confinement::Remote,
            }));
        }
        Way::Command { fetch, url, arguments, env } => (fetch, url, arguments, env),
    };
    let target = &mut args.run.target;
    target.env.extend(env.iter().map(|(name, value)| format!("{name}={value}")));
    if let Some(path) = url.as_deref().map(path_of) {
        target.path = path;
    }
    if args.unconfined {
        target.server = unconfined(&fetch, &env, url.is_some())?;
        target.server.extend(arguments);
        let name = &identity.name;
        output::notes(&[format!(
            "{name} runs unconfined, as --unconfined asks: with all that you may do"
        )]);
        return Ok(Prepared::Here(About { entry: Some(identity), confinement: Confinement::None }));
    }
    if let Some(why) = sandboxed::beyond_sandboxes(&fetch) {
        return Err(anyhow!(why).into());
    }
    let engine = sandboxed::engine(args.sandbox.as_deref(), &fetch)?;
    let bounds = Bounds { runtime: args.runtime.clone(), ..Bounds::default() };
    let sandbox = sandboxed::Sandbox { engine, bounds: &bounds, answers };
    let (report, digest) = sandbox.judged(&fetch, &arguments, &args.run).await?;
    identity.package_digest = digest;
    let confinement = Confinement::Sandbox { engine: engine.told(&bounds) };
    Ok(Prepared::Done(Box::new(report), About { entry: Some(identity), confinement }))
}

/// The path of an address whose port may be a placeholder.
fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.find('/').map_or("/".to_owned(), |at| after[at..].to_owned())
}

/// What starts a package as anybody would: it fetches and runs in one.
fn unconfined(
    fetch: &Fetch,
    env: &[(String, String)],
    over_http: bool,
) -> anyhow::Result<Vec<String>> {
    let words: Vec<&str> = match fetch {
        Fetch::Npm(id) => vec!["npx", "-y", id],
        Fetch::Pypi(id) => vec!["uvx", id],
        Fetch::Nuget(id) => vec!["dnx", id, "--yes"],
        Fetch::Image(reference) if over_http => {
            bail!(
                "{reference}: an image that listens is judged in a sandbox, or at its address once you have started it"
            )
        }
        Fetch::Image(reference) => {
            // Docker passes on those variables of its own that are named.
            let named = env.iter().flat_map(|(name, _)| ["-e", name]);
            ["docker", "run", "--rm", "-i"]
                .into_iter()
                .chain(named)
                .chain([reference.as_str()])
                .collect()
        }
        Fetch::Archive { url, .. } => {
            bail!("{url}: an archive is not run unconfined: unpack it and name its command")
        }
    };
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// Writes the reports of a run that a sandbox carried out, as a run of this process would have.
pub(super) fn write_reports(report: &Report, args: &RunArgs) -> Result<(), Failure> {
    let judging = &args.judging;
    let mut formats = judging.formats.clone();
    formats.junit.get_or_insert_with(|| judging.out.join("junit.xml"));
    formats.html.get_or_insert_with(|| judging.out.join("report.html"));
    formats.json.get_or_insert_with(|| judging.out.join("report.json"));
    output::write_formats(&report.clone().into(), &formats)?;
    let style = output::style(judging.verbose);
    if judging.quiet {
        say::out(&plumb_report::terminal::headline(report, &style));
    } else {
        say::out(&plumb_report::terminal::summary(report, &style));
    }
    Ok(())
}
