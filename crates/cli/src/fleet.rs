//! `plumb fleet`: many servers.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use plumb_certificate::{Digest, Set};
use plumb_fleet::site::SiteError;
use plumb_fleet::{Class, Matrix, Order, Outcome, Progress, Shard, Store, Target};
use plumb_report::text::{inert, misleads, visible_line};

use crate::args::{Emit, FleetCommand, FleetRunArgs, MergeArgs, PlanArgs, SiteArgs};
use crate::interrupt::interrupted;
use crate::say::{self, say, tell};
use crate::{Exit, Failure, certify, config, output, reported, run, serve};

/// What Kubernetes sets in each pod of an Indexed Job.
const INDEX: &str = "JOB_COMPLETION_INDEX";

/// Carries out a command on a fleet.
pub(crate) async fn fleet(command: FleetCommand) -> Exit {
    match command {
        FleetCommand::Plan(args) => plan(&args),
        FleetCommand::Run(args) => judge(&args).await,
        FleetCommand::Merge(args) => merge(&args),
        FleetCommand::Site(args) => site(&args),
    }
}

fn plan(args: &PlanArgs) -> Exit {
    let set = args.set.as_deref().map(Set::named).transpose()?;
    if let (Some(Emit::K8s), Some(parts)) = (args.emit, args.parts) {
        let set = set.as_ref().map(|set| set.name.as_str());
        say!("{}", plumb_fleet::recipe::kubernetes(&args.image, parts, set).trim_end());
        return Ok(0);
    }
    let targets = args.targets.as_deref().map(targets).transpose()?.unwrap_or_default();
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    for target in targets.iter().filter(|target| shard.has(target)) {
        say!("{}", unmistakable(&serde_json::to_string(target)?));
    }
    Ok(0)
}

/// JSON in which nothing misleads a reader or commands the keeper of a log, and which says the same.
fn unmistakable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if misleads(c) {
            let units = &mut [0; 2];
            text.extend(c.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    // Only a string can hold them.
    text.replace("##", "#\\u0023")
}

async fn judge(args: &FleetRunArgs) -> Exit {
    let set = args.set.as_deref().map(Set::named).transpose()?;
    let shard = shard(args)?;
    let mut targets = targets(&args.targets)?;
    targets.retain(|target| shard.has(target));
    let plumb = serve::own_path()?;
    let binary = std::fs::File::open(&plumb).and_then(Digest::of_reader);
    let binary = binary.context("the binary of plumb could not be read")?;
    let mut arguments = Vec::new();
    if let Some(set) = &set {
        arguments.extend(["--set".to_owned(), set.name.clone()]);
    }
    if let Some(rate) = args.rate {
        arguments.extend(["--rate".to_owned(), rate.to_string()]);
    }
    if let Some(key) = &args.sign {
        arguments.extend(["--sign".to_owned(), key.display().to_string()]);
    }
    // However this ends, the processes that it started end too.
    run::warded()?;
    let order = Order {
        store: Store::new(&args.out, &judged_by(set.as_ref(), &binary)),
        plumb,
        arguments,
        jobs: usize::try_from(args.jobs).unwrap_or(1),
        per_host: args.per_host,
        retry: args.retry,
    };
    let running = plumb_fleet::run(order, targets, Arc::new(told));
    let outcomes = tokio::select! {
        outcomes = running => outcomes,
        () = interrupted() => {
            let told = anyhow!("interrupted: started again, it goes on where it was");
            return Err(Failure::new(reported::INTERRUPTED, told));
        }
    };
    let outcomes = outcomes.map_err(|error| Failure::new(output::UNWRITTEN, error))?;
    summary(&outcomes);
    ended(&outcomes)
}

/// What tells results apart that are judged otherwise: the set that all are held to, which a binary has in it if it is that of
/// each server's own revision; and the binary.
fn judged_by(set: Option<&Set>, binary: &Digest) -> String {
    match set {
        Some(set) => format!("{} {} {binary}", set.name, set.digest),
        None => format!("newest {binary}"),
    }
}

/// What a fleet ends with: a disk that is full is no fault of plumb.
fn ended(outcomes: &[Outcome]) -> Exit {
    let faults = outcomes.iter().filter(|outcome| outcome.class == Class::OurFault);
    let unwritten = faults.map(|fault| fault.exit_code == Some(output::UNWRITTEN.into()));
    match unwritten.reduce(|all, one| all && one) {
        None => Ok(0),
        Some(false) => Ok(crate::FAULT),
        Some(true) => {
            let why = anyhow!("reports could not be written: make room, and go on with --retry");
            Err(Failure::new(output::UNWRITTEN, why))
        }
    }
}

fn shard(args: &FleetRunArgs) -> Result<Shard, Failure> {
    let Some(parts) = args.parts else { return Ok(args.shard.unwrap_or(Shard::WHOLE)) };
    let index = std::env::var(INDEX).ok().and_then(|index| index.parse().ok());
    let shard = index.and_then(|index| Shard::new(index, parts));
    shard.ok_or_else(|| {
        anyhow!("--parts {parts} needs {INDEX} from 0 to {}", parts.max(1) - 1).into()
    })
}

fn told(progress: Progress, outcome: &Outcome) {
    let Target { name, version, .. } = &outcome.target;
    let Progress { done, of } = progress;
    let words = outcome.class.words();
    tell!("{}", inert(&visible_line(&format!("[{done}/{of}] {name} {version}: {words}"))));
    let last = outcome.said.trim().lines().last().filter(|_| std::io::stderr().is_terminal());
    if let Some(last) = last {
        tell!("    {}", inert(&visible_line(last)));
    }
}

fn summary(outcomes: &[Outcome]) {
    let classes = [
        Class::Judged,
        Class::Undecided,
        Class::TargetDown,
        Class::NeedsAnswers,
        Class::Refused,
        Class::OurFault,
    ];
    let count = |class: Class| outcomes.iter().filter(|outcome| outcome.class == class).count();
    let parts = classes.into_iter().filter(|class| count(*class) > 0);
    let parts: Vec<String> =
        parts.map(|class| format!("{} {}", count(class), class.words())).collect();
    say!("{}", servers(outcomes.len(), &parts));
}

fn merge(args: &MergeArgs) -> Exit {
    let key = args.key.as_deref().map(certify::verifier).transpose()?;
    let matrix = Matrix::merge(&args.folders, key.as_ref())?;
    output::write_bytes(&args.out, &matrix.to_bytes())?;
    let parts = matrix.tally().into_iter().map(|(standing, count)| {
        let words = standing.map_or("not judged", plumb_certificate::Standing::words);
        format!("{count} {words}")
    });
    let told = servers(matrix.servers.len(), &parts.collect::<Vec<_>>());
    say::line(&format!("{}: {told}", args.out.display()));
    Ok(0)
}

/// How many there are, and what of each kind.
fn servers(count: usize, parts: &[String]) -> String {
    let told = plumb_report::text::counted(count, "server");
    if parts.is_empty() { told } else { format!("{told}: {}", parts.join(", ")) }
}

fn site(args: &SiteArgs) -> Exit {
    let matrix = matrix(&args.matrix)?;
    let before = args.before.as_deref().map(self::matrix).transpose()?;
    let evidence = plumb_fleet::Evidence::in_folders(&args.results)
        .context("the results could not be read")?;
    let with_results = plumb_fleet::site::write(&args.out, &matrix, before.as_ref(), &evidence)
        .map_err(|error| match error {
            SiteError::Results(_) => Failure::from(error),
            SiteError::Pages(..) => Failure::new(output::UNWRITTEN, error),
        })?;
    let index = args.out.join("index.html");
    let told =
        format!("{with_results} with what {} said", if with_results == 1 { "it" } else { "they" });
    let parts = if args.results.is_empty() { Vec::new() } else { vec![told] };
    say::line(&format!("{}: {}", index.display(), servers(matrix.servers.len(), &parts)));
    Ok(0)
}

fn matrix(path: &Path) -> anyhow::Result<Matrix> {
    let text = config::read(path)?;
    Matrix::parse(&text).map_err(|why| anyhow!("{} is no matrix: {why}", path.display()))
}

fn targets(path: &Path) -> anyhow::Result<Vec<Target>> {
    let text = config::read(path)?;
    plumb_fleet::targets(&text).with_context(|| format!("{} is no list of servers", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_the_same_and_commands_nobody() {
        let target = Target { name: "a\u{202e}\u{e0041}###[error]".into(), ..Target::default() };
        let json = serde_json::to_string(&target).expect("json");
        let told = unmistakable(&json);
        assert!(!told.contains("##[") && !told.chars().any(misleads), "{told}");
        assert_eq!(serde_json::from_str::<Target>(&told).expect("json"), target);
    }

    #[test]
    fn a_fleet_without_room_ends_as_a_run_without_room_does() {
        let came = |class: &str, exit: i32| -> Outcome {
            let target = serde_json::json!({"name": "a", "url": "https://a.example/mcp"});
            let outcome = serde_json::json!({"target": target, "class": class, "exit_code": exit, "tries": 1});
            serde_json::from_value(outcome).expect("an outcome")
        };
        let code = |outcomes: &[Outcome]| ended(outcomes).unwrap_or_else(|failure| failure.code);
        let (judged, full, fault) =
            (came("judged", 0), came("our-fault", 7), came("our-fault", 70));
        assert_eq!(code(std::slice::from_ref(&judged)), 0);
        assert_eq!(code(&[judged, full.clone()]), output::UNWRITTEN);
        assert_eq!(code(&[full, fault]), crate::FAULT);
    }
}
