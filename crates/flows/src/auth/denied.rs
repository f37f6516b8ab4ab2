//! Operations that a token of few scopes may not do.

use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Observed, PRINCIPAL, Probe, Trouble};
use serde_json::json;

use super::challenge::{Challenge, bearer, shown};

/// So many operations are tried with each set of scopes.
const TRIED: usize = 64;

/// At most so many denials that ask for the same are looked at.
const ALIKE: usize = 2;

/// An operation that a token of few scopes may not do, and one of all scopes may.
pub struct Denied {
    /// The slug of its case.
    pub slug: String,
    /// The operation, without a token.
    pub probe: Probe,
    /// The scopes that were not enough.
    pub scopes: Vec<String>,
    /// The refusal.
    pub seen: Observed,
}

impl Denied {
    /// The probe, with the scopes that were not enough.
    pub fn again(&self, bench: &Bench) -> Result<Probe, Trouble> {
        let token = bench.auth()?.scoped(PRINCIPAL, &self.scopes)?;
        Ok(self.probe.clone().bearer(token.as_str()))
    }

    /// The operation and the scopes, in words.
    pub fn title(&self) -> String {
        let scopes = self.scopes.join(" ");
        format!("{} with the scopes \"{scopes}\"", self.slug)
    }
}

/// Whether a request got what it asked for.
pub fn served(seen: &Observed) -> bool {
    seen.is_accepted() && seen.result().is_none_or(|r| r["isError"] != true)
}

/// Operations that a token without scopes, or with one scope alone, may not do.
pub async fn denied(bench: &Bench) -> Result<Vec<Denied>, Trouble> {
    let auth = bench.auth()?;
    let survey = bench.survey();
    let list = bench.base(Base::ToolsList).or_else(|| bench.base(Base::Discover));
    let calls = survey.callable.iter().filter(|c| c.shown.as_ref().is_some_and(served)).map(|c| {
        let name = c.tool["name"].as_str().unwrap_or_default();
        (format!("call-{name}"), bench.call_of(name, json!(c.arguments)))
    });
    let operations: Vec<(String, Probe)> =
        list.map(|probe| ("list".to_owned(), probe)).into_iter().chain(calls).take(TRIED).collect();
    let singles = auth.scopes().iter().map(|scope| vec![scope.clone()]);
    // No scope at all comes last: what needs a further scope is then known, and says most.
    let sets = singles.chain(std::iter::once(Vec::new()));
    let mut found: Vec<Denied> = Vec::new();
    let mut telling: Vec<&String> = Vec::new();
    let mut granted = 0;
    for (n, scopes) in sets.enumerate() {
        let Some(token) = auth.scoped_if_any(PRINCIPAL, &scopes)? else {
            continue; // The authorization server of the target grants no such token.
        };
        granted += usize::from(scopes != auth.scopes());
        let mut here: Vec<Option<String>> = Vec::new();
        for (slug, probe) in &operations {
            let seen = bench.send(probe.clone().bearer(token.as_str())).await?;
            if served(&seen) {
                continue;
            }
            // A few for each set of scopes asked for: the first operations may all lack the same one.
            let asked = bearer(&seen).map(|challenge| challenge.scopes().join(" "));
            let enough = here.iter().filter(|known| **known == asked).count() >= ALIKE;
            if enough && !(scopes.is_empty() && telling.contains(&slug)) {
                continue;
            }
            // A control with all scopes: a refusal for another reason says nothing.
            if !served(&bench.send(probe.clone()).await?) {
                continue;
            }
            here.push(asked);
            if !scopes.is_empty() {
                telling.push(slug);
            }
            let slug = format!("{slug}-{n}");
            bench.forget();
            found.push(Denied { slug, probe: probe.clone(), scopes: scopes.clone(), seen });
        }
    }
    if granted == 0 {
        auth.scoped(PRINCIPAL, &[""; 0])?;
    }
    Ok(found)
}

/// What there is to say where no token is too weak.
pub fn all_served() -> Finding {
    Finding::unseen(
        "no operation asks for more scopes than a token of few scopes has",
        "name a scope that the server asks for with `--auth-scope`, or mark a tool that needs one `readOnlyHint: true`",
    )
}

/// Judges each denial as a case.
pub async fn each(bench: &Bench, judge: impl Fn(&Denied) -> Finding) -> Judgement {
    let denied = denied(bench).await?;
    for denied in &denied {
        bench.note(&denied.seen);
        bench.case(&denied.slug, denied.title(), Ok(judge(denied)));
    }
    if denied.is_empty() { Ok(all_served()) } else { bench.conclude() }
}

/// Judges the challenge of each refusal by HTTP.
pub async fn each_challenge(
    bench: &Bench,
    expected: &str,
    judge: impl Fn(&Challenge) -> bool,
) -> Judgement {
    let judge = |denied: &Denied| {
        if denied.seen.status() != Some(403) {
            return Finding::unseen(
                "the refusal is no HTTP 403, so its challenge is none for scopes",
                "answer HTTP 403",
            );
        }
        let fits = bearer(&denied.seen).is_some_and(|challenge| judge(&challenge));
        Finding::expect(fits, expected, || shown(&denied.seen))
    };
    each(bench, judge).await
}
