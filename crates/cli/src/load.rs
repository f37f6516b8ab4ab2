//! `plumb load`: a short load, judged by whether each answer is the one to its request.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use plumb_model::{Edition, Secrets};
use plumb_report::load;
use plumb_runner::load::{Mix, Options, Rhythm};
use plumb_runner::{Reach, Replicas, Target};

use crate::args::{LoadArgs, LoadFormat, Script, TargetArgs};
use crate::config::Config;
use crate::interrupt::interrupted;
use crate::reported::{INTERRUPTED, UNREACHED};
use crate::run::{MOST_REPLICAS, allow, limits, now, watched};
use crate::say;
use crate::secrets::Collector;
use crate::target::target;
use crate::{Exit, Failure, output};

/// Some answers were not those to their requests.
const INCORRECT: u8 = 1;

/// Nothing was answered, so nothing could be judged.
const UNANSWERED: u8 = 5;

/// At most so many targets are written for Vegeta, which begins again at the end.
const TARGETS: f64 = 10_000.0;

/// Loads a server, or prints the scripts of the same mix.
pub(crate) async fn load(edition: Arc<Edition>, args: LoadArgs, secrets: Secrets) -> Exit {
    let config = Config::read(args.target.config.as_deref(), &edition.positions)?;
    let mut collector = Collector::new(&secrets);
    let at = target(&args.target, false, &mut collector)?;
    let replicas = replicas(&args, &mut collector)?;
    output::notes(&collector.notes);
    if matches!(at, Target::Stdio(_)) {
        let why = "a load goes over HTTP: let `{port}` stand in the command, for the port that it is to serve at";
        return Err(anyhow!(why).into());
    }
    watched(&at)?;
    let options = Options {
        edition,
        target: at,
        replicas,
        allow_calls: allow(&args.target, &config.allow_calls),
        limits: limits(&args.target),
        secrets,
        duration: Duration::from_secs(args.duration),
        rhythm: args.rate.map_or(Rhythm::AtOnce(args.concurrency.into()), Rhythm::EachSecond),
        kill: args.kill,
        started: now(),
    };
    if let Some(tool) = args.emit {
        return emitted(tool, &options, &args).await;
    }
    let made = plumb_runner::load::load(options, interrupted()).await;
    let made = made.map_err(|error| Failure::new(UNREACHED, error))?;
    let Some(made) = made else {
        return Err(Failure::new(INTERRUPTED, anyhow!("interrupted before anything was asked")));
    };
    say::out(&match args.format {
        LoadFormat::Terminal => load::terminal(&made, &output::style(false)),
        LoadFormat::Json => load::json(&made),
    });
    match (made.is_correct(), made.interrupted) {
        (false, _) => Ok(INCORRECT),
        (true, true) => {
            Err(Failure::new(INTERRUPTED, anyhow!("interrupted: what there is was told")))
        }
        (true, false) if made.right == 0 => Ok(UNANSWERED),
        (true, false) => Ok(0),
    }
}

async fn emitted(tool: Script, options: &Options, args: &LoadArgs) -> Exit {
    let mix = tokio::select! {
        mix = plumb_runner::load::mix(options) => mix,
        () = interrupted() => {
            return Err(Failure::new(INTERRUPTED, anyhow!("interrupted before the target was looked at")));
        }
    };
    let Mix { shots } = mix.map_err(|error| Failure::new(UNREACHED, error))?;
    let scripted: Vec<_> = shots.iter().map(plumb_runner::load::Shot::scripted).collect();
    let targets = addresses(options, args);
    let (seconds, at_once) = (args.duration, usize::from(args.concurrency));
    say::out(&match tool {
        Script::K6 => load::k6(&scripted, &targets, args.rate, at_once, seconds),
        Script::Vegeta => load::vegeta(&scripted, &targets, requests(args)),
    });
    Ok(0)
}

/// How many requests there are in the time of a load.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10000")]
fn requests(args: &LoadArgs) -> usize {
    let seconds = Duration::from_secs(args.duration).as_secs_f64();
    (args.rate.unwrap_or(100.0) * seconds).ceil().clamp(1.0, TARGETS) as usize
}

/// Where a script sends its requests: a command has no address before it is started.
fn addresses(options: &Options, args: &LoadArgs) -> Vec<String> {
    let here = match &options.target {
        Target::Url(reach) => reach.url.clone(),
        _ => format!("http://127.0.0.1:8000/{}", args.target.path.trim_start_matches('/')),
    };
    let others = options.replicas.others.iter().map(|reach| reach.url.clone());
    std::iter::once(here).chain(others).collect()
}

fn replicas(args: &LoadArgs, collector: &mut Collector<'_>) -> Result<Replicas, Failure> {
    if args.replicas > MOST_REPLICAS {
        let why = anyhow!("--replicas {}: at most {MOST_REPLICAS} are started", args.replicas);
        return Err(why.into());
    }
    let other = |url: &String| -> Result<Reach, Failure> {
        let one = TargetArgs { url: Some(url.clone()), ..args.target.clone() };
        match target(&one, false, collector)? {
            Target::Url(reach) => Ok(reach),
            _ => Err(anyhow!("--replica `{url}` is no address").into()),
        }
    };
    let others = args.replica.iter().map(other).collect::<Result<_, Failure>>()?;
    Ok(Replicas { count: args.replicas, others })
}
