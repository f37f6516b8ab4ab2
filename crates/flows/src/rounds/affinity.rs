//! basic#statelessness: rounds of one request that reach the server by different connections or processes.

use plumb_runner::{Bench, Finding, Instance, Observed, Trouble};

use super::{AskingRequest, Round, asking_requests, done, failed_to_answer};

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
    for asking in asking_requests(bench).await.into_iter().take(LOOKED_AT) {
        let by_one = walk(bench, &asking, &RetryBy::Same).await?;
        if !by_one.finished {
            continue;
        }
        let way = if others.is_empty() { RetryBy::Fresh } else { RetryBy::Processes(others) };
        let mut apart = walk(bench, &asking, &way).await?;
        if !apart.finished {
            // What asks once, or changed meanwhile, is not about connections.
            if !walk(bench, &asking, &RetryBy::Same).await?.finished {
                continue;
            }
            apart = walk(bench, &asking, &way).await?;
        }
        judged += 1;
        let (title, retries) =
            (format!("{:?} with each retry sent elsewhere", asking.name), by_one.retries);
        let finding = Finding::expect(
            apart.finished,
            format!("a result after {retries} retries, as on one connection"),
            || apart.last,
        );
        bench.case(&format!("rounds-{}", asking.slug), title, Ok(finding));
    }
    Ok(judged)
}

/// How the retries of a walk reach the server.
enum RetryBy<'a> {
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
async fn walk(bench: &Bench, asking: &AskingRequest, way: &RetryBy<'_>) -> Result<Walk, Trouble> {
    let first = match way {
        RetryBy::Same => asking.probe().on(CONNECTION),
        RetryBy::Fresh | RetryBy::Processes(_) => asking.probe().fresh(),
    };
    let mut seen: Observed = bench.send(first).await?;
    let mut retries = 0;
    while let Some(round) = Round::of(&seen).filter(|_| retries < ROUNDS) {
        retries += 1;
        let retry = asking.retry(round.answers(), round.state.as_ref());
        seen = match way {
            RetryBy::Same => bench.send(retry.on(CONNECTION)).await?,
            RetryBy::Fresh => bench.send(retry.fresh()).await?,
            RetryBy::Processes(others) => others[retries % others.len()].send(retry).await?,
        };
        if failed_to_answer(&seen) {
            return Err(Trouble::Setup(seen.describe()));
        }
    }
    Ok(Walk { finished: done(&seen) && retries > 0, retries, last: seen.describe() })
}
