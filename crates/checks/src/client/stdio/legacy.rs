//! #backward-compatibility: finding out which revision a server speaks.

use plumb_runner::client::{Moment, Provoked, Received, Scenario};
use plumb_runner::{Marks, check, clip};
use plumb_wire::{codes, method};

/// So much of a method is shown, in characters.
const SHOWN: usize = 40;

/// Servers of earlier revisions that refuse with different codes.
const REFUSING: [Scenario; 3] = [
    Scenario::Provoked(Provoked::Earlier),
    Scenario::Provoked(Provoked::EarlierMethod),
    Scenario::Provoked(Provoked::EarlierParams),
];

/// One that says nothing.
const SILENT: Scenario = Scenario::Provoked(Provoked::EarlierSilent);

check! {
    /// **Observed:** the first request of a client that also speaks an earlier revision is `server/discover`.
    ///
    /// **Why:** some servers of earlier revisions carry out whatever comes first, by their own rules.
    ///
    /// **Fix:** probe, and then choose the revision.
    pub(crate) PROBE = "stdio.compat-probe";
    happening: |moment, marks| if moment.is_dual() { probes(moment, marks) }
}

check! {
    /// **Observed:** the first request of a client that speaks this revision alone is `server/discover`.
    ///
    /// **Why:** some servers of earlier revisions carry out whatever comes first, by their own rules.
    ///
    /// **Fix:** probe, and tell who asked if the server speaks none of your revisions.
    pub(crate) MODERN_PROBE = "versioning.modern-client-stdio-probe";
    judges: ["stdio.compat-modern-only-probe"];
    applies: [Stdio];
    happening: |moment, marks| if !moment.is_dual() && met_earlier(moment) { probes(moment, marks) }
}

/// That the first request of a scenario asks which revision the server speaks.
fn probes(moment: &Moment<'_>, marks: &mut Marks) {
    let asks = |r: &Received| r.line().is_some() && (r.request().is_some() || r.opens());
    let first = asks(moment.now()) && !moment.before().iter().any(asks);
    if first {
        let now = moment.now();
        marks.expect(now.asks(method::DISCOVER), "`server/discover` first", || {
            let body = now.body().unwrap_or_default();
            format!("`{}`", clip(body["method"].as_str().unwrap_or_default(), SHOWN))
        });
    }
}

/// Whether the client had the occasion to show that it speaks an earlier revision.
fn met_earlier(moment: &Moment<'_>) -> bool {
    REFUSING.iter().any(|scenario| !moment.of(*scenario).is_empty())
}

check! {
    /// **Observed:** a client that got the result of `server/discover`, which lists this revision, sends no `initialize`. One that
    /// it sent in one scenario, and in another did not, had been on its way.
    ///
    /// **Why:** a server of this revision refuses it.
    ///
    /// **Fix:** go on with a version of the list.
    pub(crate) DISCOVERED = "stdio.compat-discover-result";
    happening: discovered
}

fn discovered(moment: &Moment<'_>, marks: &mut Marks) {
    let told =
        |r: &Received| r.line().is_some() && r.asks(method::DISCOVER) && r.result().is_some();
    stays(moment, marks, told, "no `initialize` after the result of `server/discover`");
}

check! {
    /// **Observed:** a client that is refused with an error of this revision (-32020, -32021, -32022) sends no `initialize`; here, too,
    /// one that it sent in one scenario alone had been on its way.
    ///
    /// **Why:** whoever knows such a code speaks this revision or a later one.
    ///
    /// **Fix:** choose a version of `supported`, or give up.
    pub(crate) MODERN_ERROR = "stdio.compat-modern-error";
    fact: "versioning.modern-error-no-fallback";
    happening: modern_error
}

fn modern_error(moment: &Moment<'_>, marks: &mut Marks) {
    let code_of = |r: &Received| r.response()?["error"]["code"].as_i64();
    let Some(code) = code_of(moment.now()).filter(|code| codes::DEFINED.contains(code)) else {
        return;
    };
    let refused =
        |r: &Received| r.line().is_some() && r.request().is_some() && code_of(r) == Some(code);
    stays(moment, marks, refused, &format!("no `initialize` after {code}"));
}

/// That nobody who was `told` so opens a session of an earlier revision for it.
fn stays(moment: &Moment<'_>, marks: &mut Marks, told: impl Fn(&Received) -> bool, expected: &str) {
    if told(moment.now()) {
        let opens = moment.follows(told, Received::opens);
        marks.expect(!opens, expected, || "`initialize`".into());
    }
}

check! {
    /// **Observed:** a client that falls back to an earlier revision for one server that knows no `server/discover` does so for
    /// others, too: those that refuse it, and one that never answers.
    ///
    /// **Why:** servers of earlier revisions may do either.
    ///
    /// **Fix:** take any error that this revision does not define, and silence for longer than a few seconds, for a server of an
    /// earlier revision.
    pub(crate) FALLBACK = "stdio.compat-legacy-fallback";
    happening: |moment, marks| {
        for scenario in REFUSING.into_iter().chain([SILENT]) {
            falls_back(moment, marks, scenario);
        }
    }
}

check! {
    /// **Observed:** a client that falls back after one error does so after others: -32601, -32602 and -32000.
    ///
    /// **Why:** which code comes is up to each server of an earlier revision.
    ///
    /// **Fix:** go by what this revision defines, and take everything else for an earlier one.
    pub(crate) ANY_CODE = "stdio.compat-no-single-code";
    fact: "stdio.compat-legacy-fallback";
    happening: |moment, marks| {
        for scenario in REFUSING {
            falls_back(moment, marks, scenario);
        }
    }
}

fn falls_back(moment: &Moment<'_>, marks: &mut Marks, scenario: Scenario) {
    let Some(all) = moment.whole_of(scenario) else { return };
    let any = |scenario: &Scenario| opens(moment.of(*scenario));
    let elsewhere = REFUSING.iter().chain([&SILENT]).any(any);
    let asked = all.iter().any(|r| r.line().is_some() && r.request().is_some());
    if elsewhere && asked {
        marks.expect(opens(all), "`initialize` after the probe", || {
            format!("none in `{}`, as in others", scenario.label())
        });
    }
}

fn opens(all: &[Received]) -> bool {
    all.iter().any(Received::opens)
}
