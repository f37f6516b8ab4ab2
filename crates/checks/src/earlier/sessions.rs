//! basic/transports#session-management.

use plumb_runner::{Bench, Declared, Finding, Judgement, Observed, Probe, Session, Trouble, check};
use plumb_wire::header;

use super::ping;

/// An id that nobody has given out, as long and as random as those that are.
const UNKNOWN: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";

check! {
    /// **Observed:** the session id consists of visible ASCII characters, 0x21 to 0x7E.
    ///
    /// **Why:** anything else does not survive in a header field.
    ///
    /// **Fix:** take a UUID, or encode the id.
    pub(crate) VISIBLE_ASCII = "http.session.visible-ascii";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: visible_ascii
}

async fn visible_ascii(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let finding = session.id().map(|id| {
        let fits = !id.is_empty() && id.chars().all(|c| ('\u{21}'..='\u{7e}').contains(&c));
        Finding::expect(fits, "visible ASCII characters", || format!("{id:?}"))
    });
    session.end().await;
    finding.map_or_else(stateless, Ok)
}

check! {
    /// **Observed:** three sessions have three ids, and these are no numbers in sequence and no times of a clock.
    ///
    /// **Why:** who guesses an id is inside the session of somebody else.
    ///
    /// **Fix:** make ids of 128 random bits, as a UUID of version 4 is.
    pub(crate) ID_SECURE = "http.session.id-secure";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: id_secure
}

async fn id_secure(bench: &Bench) -> Judgement {
    let mut ids = Vec::new();
    for _ in 0..3 {
        let session = bench.session(Declared::Nothing).await?;
        ids.extend(session.id().map(str::to_owned));
        session.end().await;
    }
    if ids.is_empty() {
        return stateless();
    }
    Ok(match flaw(&ids) {
        Some(flaw) => Finding::violated("ids that are unique and cannot be guessed", flaw),
        None => Finding::Held,
    })
}

/// What is wrong with the ids of sessions that were opened one after the other.
fn flaw(ids: &[String]) -> Option<String> {
    let twice = ids.iter().enumerate().any(|(n, id)| ids[..n].contains(id));
    if twice {
        return Some("two sessions have one id".into());
    }
    counts(ids).then(|| "each differs from the one before by a number that counts".into())
}

/// Whether ids that were made one after the other end in numbers that count.
pub(super) fn counts(ids: &[String]) -> bool {
    let ends = |id: &str| {
        let digits = id.len() - id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (stem, number) = id.split_at(id.len() - digits);
        number.parse::<u64>().ok().map(|number| (stem.to_owned(), number))
    };
    let counted: Vec<(String, u64)> = ids.iter().filter_map(|id| ends(id)).collect();
    let in_sequence = |pair: &[(String, u64)]| {
        // A clock is a counter, too: large numbers that lie close to each other.
        let apart = 1_000.max(pair[1].1 / 10_000);
        pair[0].0 == pair[1].0 && pair[1].1 > pair[0].1 && pair[1].1 - pair[0].1 < apart
    };
    ids.len() > 1 && counted.len() == ids.len() && counted.windows(2).all(in_sequence)
}

check! {
    /// **Observed:** between two requests of a session, the same request without the session id, if it is refused, is refused
    /// by 400. A server that serves it requires none, and is not judged.
    ///
    /// **Why:** by 404 a client would believe that its session has ended.
    ///
    /// **Fix:** answer 400 where the header field is missing.
    pub(crate) MISSING_400 = "http.session.missing-400";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: missing_400
}

async fn missing_400(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = without_id(&session).await;
    session.end().await;
    judged
}

async fn without_id(session: &Session<'_>) -> Judgement {
    if session.id().is_none() {
        return stateless();
    }
    session.control(ping()).await?;
    let seen = session.send(ping().without_header(header::OLD_SESSION_ID)).await?;
    session.control(ping()).await?;
    if seen.is_accepted() {
        return Ok(Finding::unseen("a request without a session id is served", "nothing"));
    }
    refused_by(&seen, 400)
}

check! {
    /// **Observed:** a session serves a request, is ended by DELETE, and then answers a request by 404. A server that does not
    /// let clients end sessions is not judged.
    ///
    /// **Why:** 404 alone tells a client to open another session; by any other status it gives up.
    ///
    /// **Fix:** answer 404 wherever a session id is not among those that are open.
    pub(crate) ENDED_404 = "http.session.ended-404";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: ended_404
}

async fn ended_404(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = ended(&session).await;
    session.end().await;
    judged
}

async fn ended(session: &Session<'_>) -> Judgement {
    if session.id().is_none() {
        return stateless();
    }
    session.control(ping()).await?;
    let ended = session.send(Probe::bodiless("DELETE")).await?;
    if !ended.status().is_some_and(|status| (200..300).contains(&status)) {
        let why = format!("clients cannot end a session: {}", ended.describe());
        return Ok(Finding::unseen(why, "let DELETE end it"));
    }
    let seen = session.send(ping()).await?;
    Ok(Finding::expect(seen.status() == Some(404), "HTTP 404 in a session that has ended", || {
        seen.describe()
    }))
}

check! {
    /// **Observed:** a request with a session id that nobody has given out is answered by 404.
    ///
    /// **Why:** it may be one of a session that ended, or of a process that was replaced: 404 tells the client to open another.
    ///
    /// **Fix:** answer 404 wherever a session id is not among those that are open.
    pub(crate) UNKNOWN_404 = "http.session.unknown-404";
    since: "2025-03-26";
    until: "2025-11-25";
    applies: [Http];
    scenario: unknown_404
}

async fn unknown_404(bench: &Bench) -> Judgement {
    let session = bench.session(Declared::Nothing).await?;
    let judged = unknown(&session).await;
    session.end().await;
    judged
}

async fn unknown(session: &Session<'_>) -> Judgement {
    if session.id().is_none() {
        return stateless();
    }
    session.control(ping()).await?;
    let seen = session.send(ping().header(header::OLD_SESSION_ID, UNKNOWN)).await?;
    session.control(ping()).await?;
    if seen.is_accepted() {
        return Ok(Finding::violated("HTTP 404 for a session that is not known", seen.describe()));
    }
    refused_by(&seen, 404)
}

fn refused_by(seen: &Observed, status: u16) -> Judgement {
    // An error in an answer whose status tells of success is a refusal, too.
    if seen.status().is_none_or(|s| s < 400 && seen.error().is_none()) {
        return Err(Trouble::Setup(seen.describe()));
    }
    Ok(Finding::expect(seen.status() == Some(status), format!("HTTP {status}"), || seen.describe()))
}

fn stateless() -> Judgement {
    Ok(Finding::unseen("the server gives out no session id", "nothing: it need not"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_count_are_told_from_random_ones() {
        let of = |ids: [&str; 3]| flaw(&ids.map(str::to_owned));
        assert_eq!(of(["a9f3", "b7c1", "11d0"]), None);
        assert_eq!(of(["1", "900000", "77"]), None);
        assert!(of(["s-1", "s-2", "s-4"]).is_some_and(|f| f.contains("counts")));
        let clock = ["s17643300001231", "s17643300004212", "s17643300009983"];
        assert!(of(clock).is_some_and(|f| f.contains("counts")));
        assert_eq!(of(["s17643300001231", "s47643300004212", "s97643300009983"]), None);
        assert!(of(["x", "y", "x"]).is_some_and(|f| f.contains("one id")));
    }
}
