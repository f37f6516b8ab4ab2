//! basic#statelessness: rounds of one request that reach the server by different connections or processes.

use plumb_runner::{Bench, Finding, Instance, Observed, Trouble};

use super::{Asker, Round, askers, broke, done};

/// At most so many requests are walked through.
const LOOKED_AT: usize = 6;

/// At most so many rounds of each.
const ROUNDS: usize = 5;

/// The connection that one walk stays on.
const CONNECTION: &str = "rounds";

/// Judges requests that ask for input, several times perhaps: what fitting answers lead to on one connection they lead
/// to as well where each retry comes by another connection, or reaches another process of the same server.
pub async fn rounds_elsewhere(bench: &Bench, others: &[Instance<'_>]) -> Result<usize, Trouble> {
    let mut judged = 0;
    for asker in askers(bench).await.into_iter().take(LOOKED_AT) {
        let by_one = walk(bench, &asker, &Way::Same).await?;
        if !by_one.finished {
            continue;
        }
        let way = if others.is_empty() { Way::Fresh } else { Way::Processes(others) };
        let mut apart = walk(bench, &asker, &way).await?;
        if !apart.finished {
            // What asks once, or changed meanwhile, is not about connections.
            if !walk(bench, &asker, &Way::Same).await?.finished {
                continue;
            }
            apart = walk(bench, &asker, &way).await?;
        }
        judged += 1;
        let (title, retries) =
            (format!("{:?} with each retry sent elsewhere", asker.name), by_one.retries);
        let finding = Finding::expect(
            apart.finished,
            format!("a result after {retries} retries, as on one connection"),
            || apart.last,
        );
        bench.case(&format!("rounds-{}", asker.slug), title, Ok(finding));
    }
    Ok(judged)
}

/// How the retries of a walk reach the server.
enum Way<'a> {
    /// All by one connection.
    Same,
    /// Each by a connection of its own.
    Fresh,
    /// To these processes in turn; the first request to that of the run.
    Processes(&'a [Instance<'a>]),
}

/// What came of a walk.
struct Walk {
    finished: bool,
    retries: usize,
    last: String,
}

/// Asks, and answers what is asked for until there is a result.
async fn walk(bench: &Bench, asker: &Asker, way: &Way<'_>) -> Result<Walk, Trouble> {
    let first = match way {
        Way::Same => asker.probe().on(CONNECTION),
        Way::Fresh | Way::Processes(_) => asker.probe().fresh(),
    };
    let mut seen: Observed = bench.send(first).await?;
    let mut retries = 0;
    while let Some(round) = Round::of(&seen).filter(|_| retries < ROUNDS) {
        retries += 1;
        let retry = asker.retry(round.answers(), round.state.as_ref());
        seen = match way {
            Way::Same => bench.send(retry.on(CONNECTION)).await?,
            Way::Fresh => bench.send(retry.fresh()).await?,
            Way::Processes(others) => others[retries % others.len()].send(retry).await?,
        };
        if broke(&seen) {
            return Err(Trouble::Setup(seen.describe()));
        }
    }
    Ok(Walk { finished: done(&seen) && retries > 0, retries, last: seen.describe() })
}
