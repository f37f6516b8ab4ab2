//! What a run amounts to, with nothing hidden.

use plumb_model::report::Outcome;
use plumb_model::{Report, Reports, Role};

use super::{Ink, Style};
use crate::findings::{self, Lack, Standing};
use crate::text::{clipped, counted, duration, visible, visible_line, wrapped};

/// Ways to enable more checks that are told unless all is to be told.
const MEANS: usize = 6;

/// Writes what was not seen and why, the target, and the counts.
pub(super) fn write(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    unseen(out, report, style, ink);
    let mut section = Section { out, ink, width: style.width };
    section.target(report, &suite(report, &report.run.revision));
    section.time(report.took, report.checks.len(), report.exchanged());
    section.counts(report);
}

/// Writes what was not seen and why, what the user accepts, and what is wrong with the run itself.
pub(super) fn unseen(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    let mut section = Section { out, ink, width: style.width };
    section.known(report);
    section.disputed(report);
    section.inconclusive(report);
    section.unverified(report, style);
    wrong(out, report, style, ink);
}

/// Writes what is wrong with the run itself.
pub(super) fn wrong(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    let mut section = Section { out, ink, width: style.width };
    section.stale(report);
    section.remarks(report);
    section.faults(report);
}

/// Writes by which revision is judged what follows.
pub(super) fn revision(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    let title = format!("── by {} ", visible_line(&report.run.revision));
    let rest = style.width.min(72).saturating_sub(title.chars().count());
    let title = ink.frame(title + &"─".repeat(rest));
    Section { out, ink, width: style.width }.line(&format!("{title}\n"));
}

/// Writes the target, the counts by each revision, and what they amount to.
pub(super) fn of_run(out: &mut String, reports: &Reports, style: &Style, ink: Ink) {
    let mut section = Section { out, ink, width: style.width };
    let revisions = reports.revisions().join(", ");
    section.target(reports.first(), &suite(reports.first(), &revisions));
    let checks = reports.iter().map(|report| report.checks.len()).sum();
    let exchanged = reports.iter().map(Report::exchanged).sum();
    section.time(reports.took(), checks, exchanged);
    for report in reports.iter() {
        let revision = section.ink.strong(visible_line(&report.run.revision));
        section.line(&format!("  {revision}"));
        section.counts(report);
    }
    let outcome = section.outcome_in(reports.outcome(), findings::outcome_of_run(reports));
    section.line(&format!("  {outcome}  by {revisions}"));
}

/// Writes the target and the counts alone, and what is wrong with the run itself.
pub(super) fn short(out: &mut String, report: &Report, style: &Style, ink: Ink) {
    wrong(out, report, style, ink);
    let mut section = Section { out, ink, width: style.width };
    section.target(report, &suite(report, &report.run.revision));
    section.time(report.took, report.checks.len(), report.exchanged());
    section.counts(report);
}

/// That nothing showed so many requirements, whoever is judged.
fn lacking(role: Role, feature: usize) -> String {
    match role {
        Role::Client => format!("the client did nothing that shows {feature}"),
        _ => format!("the target has no such feature for {feature}"),
    }
}

/// The suite, of these revisions.
fn suite(report: &Report, revisions: &str) -> String {
    let run = &report.run;
    let policy = match (run.policy.strict, run.policy.deny_unverified) {
        (false, false) => "",
        (true, false) => ", strict",
        (false, true) => ", unverified denied",
        (true, true) => ", strict, unverified denied",
    };
    format!("{} of {revisions}{policy} · seed {}", run.suite, run.seed)
}

struct Section<'a> {
    out: &'a mut String,
    ink: Ink,
    width: usize,
}

impl Section<'_> {
    fn known(&mut self, report: &Report) {
        let known: Vec<_> = findings::known(report).collect();
        if known.is_empty() {
            return;
        }
        let title = self.ink.strong(counted(known.len(), "known violation"));
        self.line(&format!("{title}, accepted by you"));
        for (check, reason) in known {
            self.item(&check.info.id, reason);
        }
        self.line("");
    }

    fn disputed(&mut self, report: &Report) {
        let disputed: Vec<_> = findings::disputed(report).collect();
        if disputed.is_empty() {
            return;
        }
        let title = self.ink.strong(format!("{} disputed", disputed.len()));
        self.line(&format!("{title}: violated by a position of which you take the other side"));
        for (check, position) in disputed {
            let reason = position.other_side.as_deref().unwrap_or_default();
            self.item(&check.info.id, &format!("position {}: {reason}", position.id));
        }
        self.line("");
    }

    fn inconclusive(&mut self, report: &Report) {
        let doubts: Vec<_> = findings::inconclusive(report).collect();
        if doubts.is_empty() {
            return;
        }
        let title = self.ink.doubt(format!("{} inconclusive", doubts.len()));
        self.line(&format!("{title}: plumb tried to judge these and could not see"));
        for (check, why) in doubts {
            self.item(&format!("{} ({})", check.info.id, findings::demand(&check.info)), why);
        }
        self.line("");
    }

    fn unverified(&mut self, report: &Report, style: &Style) {
        let means = findings::to_enable(report);
        let total: usize = means.iter().map(|m| m.checks.len()).sum();
        if total == 0 {
            return;
        }
        let title = self.ink.strong(format!("{total} unverified"));
        let (line, feature) = (Lack::Line.count(report), Lack::Feature.count(report));
        let parts = [
            (line, format!("one line of yours would show {line}")),
            (feature, lacking(report.run.target.role, feature)),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words);
        self.line(&format!("{title}: {}", parts.collect::<Vec<_>>().join(", ")));
        let shown = if style.verbose { means.len() } else { MEANS };
        for enable in means.iter().take(shown) {
            let count = counted(enable.checks.len(), "requirement");
            let how = visible(enable.how);
            self.wrapped(&format!("  to verify {count}: "), &how);
            if style.verbose {
                self.wrapped("    ", &visible_line(&enable.checks.join(", ")));
            }
        }
        let rest = means.iter().skip(shown).map(|m| m.checks.len()).sum::<usize>();
        if rest > 0 {
            let ways = counted(means.len() - shown, "way");
            self.line(&format!("  and {ways} to verify {rest} more: --verbose lists them"));
        }
        self.line("");
    }

    fn stale(&mut self, report: &Report) {
        let stale = report.stale_known();
        if stale.is_empty() {
            return;
        }
        let title = self.ink.warning(counted(stale.len(), "stale entry"));
        self.line(&format!("{title} of the known list, not violated any more: remove"));
        for id in stale {
            self.line(&format!("  {}", visible_line(id)));
        }
        self.line("");
    }

    fn remarks(&mut self, report: &Report) {
        for remark in &report.remarks {
            let title = self.ink.warning("note");
            self.line(&format!("{title}: {}", visible_line(remark)));
            self.line("");
        }
    }

    fn faults(&mut self, report: &Report) {
        for fault in &report.internal_faults {
            let title = self.ink.failure("fault of plumb");
            let fault = visible(fault).into_owned();
            self.line(&format!("{title}: {fault}"));
            self.line("");
        }
    }

    fn target(&mut self, report: &Report, suite: &str) {
        let target = &report.run.target;
        let rule = "─".repeat(self.width.min(72));
        let rule = self.ink.faint(rule);
        self.line(&rule);
        let kind = match target.role {
            Role::Client => "client",
            Role::Server | Role::AuthorizationServer | Role::Intermediary => "server",
        };
        let unnamed = format!("unnamed {kind}");
        let name = target.server.as_deref().unwrap_or(&unnamed);
        let about = format!("{name} · {} over {}", findings::speaks(report), target.transport);
        self.row("target", &target.address);
        self.row(kind, &about);
        for note in &target.notes {
            self.row("", note);
        }
        self.row("suite", suite);
        let taken: Vec<&str> = findings::other_sides(report).map(|(p, _)| p.id.as_str()).collect();
        if !taken.is_empty() {
            self.row("position", &format!("other side of {} taken by you", taken.join(", ")));
        }
    }

    fn time(&mut self, took: u64, checks: usize, sent: usize) {
        let (checks, exchanges) = (counted(checks, "check"), counted(sent, "exchange"));
        self.row("time", &format!("{} · {checks} · {exchanges}", duration(took)));
    }

    fn counts(&mut self, report: &Report) {
        let counts = report.counts();
        let told = |s: &&Standing| {
            let always = [Standing::Held, Standing::Failure, Standing::Unverified];
            s.count(&counts) > 0 || always.contains(*s)
        };
        let parts: Vec<String> =
            ORDER.iter().filter(told).map(|s| self.painted(*s, s.findings(report))).collect();
        let outcome = self.outcome(report);
        self.line(&format!("  {outcome}  {}", parts.join(" · ")));
    }

    fn painted(&self, standing: Standing, (count, rows): (usize, usize)) -> String {
        let label = if count == 1 { standing.one() } else { standing.label() };
        let of = if rows == count { String::new() } else { format!(" of {rows} requirements") };
        let text = format!("{count} {label}{of}");
        match standing {
            _ if count == 0 => text,
            Standing::Held => self.ink.good(text),
            Standing::Failure => self.ink.failure(text),
            Standing::Warning => self.ink.warning(text),
            Standing::Inconclusive => self.ink.doubt(text),
            Standing::Unverified => self.ink.strong(text),
            Standing::Note | Standing::Known | Standing::Disputed | Standing::NotApplicable => text,
        }
    }

    fn outcome(&self, report: &Report) -> String {
        self.outcome_in(report.outcome(), findings::outcome_words(report))
    }

    fn outcome_in(&self, outcome: Outcome, word: String) -> String {
        match outcome {
            Outcome::Conformant => self.ink.good(word),
            Outcome::Violations | Outcome::OurFault => self.ink.failure(word),
            Outcome::Inconclusive => self.ink.doubt(word),
            Outcome::NothingSelected | Outcome::StaleKnown => self.ink.warning(word),
        }
    }

    fn row(&mut self, label: &str, text: &str) {
        let text = visible_line(text);
        let room = self.width.max(40) - 10;
        for (n, text) in wrapped(&clipped(&text, room * 2), room).iter().enumerate() {
            let label = self.ink.faint(format!("{:>8}", if n == 0 { label } else { "" }));
            self.line(&format!("{label}  {text}"));
        }
    }

    fn item(&mut self, id: &str, why: &str) {
        let why = visible(why);
        self.line(&format!("  {}", visible_line(id)));
        self.wrapped("    ", &why);
    }

    /// A text behind a few words, wrapped under their beginning.
    fn wrapped(&mut self, before: &str, text: &str) {
        let told = format!("{before}{text}");
        let (start, rest) = told.split_at(told.floor_char_boundary(before.len().min(8)));
        let hang = " ".repeat(start.len());
        for (n, line) in wrapped(rest, self.width.saturating_sub(hang.len())).iter().enumerate() {
            self.line(&format!("{}{line}", if n == 0 { start } else { &hang }));
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }
}

const ORDER: [Standing; 9] = [
    Standing::Held,
    Standing::Failure,
    Standing::Warning,
    Standing::Note,
    Standing::Known,
    Standing::Disputed,
    Standing::Unverified,
    Standing::Inconclusive,
    Standing::NotApplicable,
];
