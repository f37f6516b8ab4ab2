//! Two runs with all that a reporter can meet: every verdict, hostile text, a stream, bytes that are no text.

mod exchanges;

use std::collections::BTreeMap;
use std::sync::Arc;

use plumb_model::event::{Again, CaseFinished, FORMAT, RunStarted, TargetInfo};
use plumb_model::suite::Policy;
use plumb_model::{Edition, Event, OtherSides, Report, Reports, Role, Verdict};

/// Text that attacks a terminal, a shell, XML, HTML, Markdown and the reader's eye.
pub(crate) const HOSTILE: &str = "\u{1b}]0;owned\u{7}<script>alert(1)</script> ]]> \u{202e}gnp.exe\u{2028}|`'\"$(id)\r\n\u{0}\u{fffe}@everyone";

const DOCS: &str = "Sends a request whose `Mcp-Method` header names another method than its body.\n\n\
    **Why:** a gateway routes and authorises by the header; a server that executes by the body lets \
    a caller pass the one and do the other.\n\n\
    **Fix:** compare `Mcp-Method` with `method` before dispatch, and answer 400 with error -32020.";

/// A run over HTTP.
pub(crate) fn http() -> Report {
    fold(&http_events())
}

/// A run over stdio, with a target of bad manners.
pub(crate) fn stdio() -> Report {
    fold(&stdio_events())
}

/// The events of the run over HTTP.
#[expect(clippy::too_many_lines, reason = "one recorded run")]
pub(crate) fn http_events() -> Vec<Event> {
    let violated = Verdict::violated(
        "status 400 and error -32020 to a request whose Mcp-Method is `tools/call`, whose method is `tools/list`",
        "status 200 and a result: the body was executed, the header was not read",
    );
    let known = BTreeMap::from([
        ("caching.hints-tools-list".to_owned(), "hints come with 2.4, see issue 118".to_owned()),
        ("base.response.same-id".to_owned(), "ids were strings until 2.3".to_owned()),
    ]);
    let mut run = Run::new(TargetInfo {
        role: Role::Server,
        address: "http://127.0.0.1:3000/mcp".into(),
        transport: "http".into(),
        era: "modern".into(),
        server: Some("everything 2.3.1".into()),
        versions: vec!["2026-07-28".into()],
        capabilities: serde_json::json!({"tools": {"listChanged": true}, "prompts": {}}),
        notes: vec!["14 tools, 3 prompts, 120 resources".into(), "props: slow tool `sleep`".into()],
    });
    for exchange in exchanges::http() {
        run.events.push(Event::Exchanged(exchange.into()));
    }
    run.check("base.response.same-id", &[case("", "", Verdict::Held, &[1, 2, 3], 412)]);
    run.check(
        "http.validate.method-mismatch",
        &[
            CaseFinished {
                again: Some(Again::Alone),
                ..case(
                    "names-another-method",
                    "the header names another method",
                    violated.clone(),
                    &[1, 2],
                    1,
                )
            },
            case(
                "names-a-notification",
                "the header names a notification",
                violated.clone(),
                &[1, 3],
                1,
            ),
            case("differs-in-case", "the header differs in case", violated, &[1, 4], 1),
            case("agrees", "the header names the method of the body", Verdict::Held, &[1], 1),
        ],
    );
    run.check(
        "http.validate.invalid-chars",
        &[case(
            "latin-1",
            "a header with a byte outside ASCII",
            Verdict::violated("status 400", format!("a page of its own: {HOSTILE}")),
            &[5],
            1,
        )],
    );
    run.check(
        "http.sse.notifications-before",
        &[case("progress", "a slow tool reports progress", Verdict::Held, &[6], 1)],
    );
    run.check(
        "base.errcode.custom-outside-reserved",
        &[case(
            "",
            "",
            Verdict::violated("a code outside -32768..-32000", "error -32001: `not today`"),
            &[7],
            3,
        )],
    );
    run.check(
        "caching.hints-tools-list",
        &[case("", "", Verdict::violated("`ttlMs` and `cacheScope`", "neither"), &[1], 2)],
    );
    run.check(
        "http.cancel.disconnect",
        &[case(
            "slow-tool",
            "a client that leaves",
            Verdict::inconclusive("the tool ended before the connection was closed"),
            &[6],
            1,
        )],
    );
    run.check(
        "http.legacy.delete-405",
        &[case("", "", Verdict::inconclusive("connection reset by peer"), &[8], 1)],
    );
    for id in ["mrtr.keys-unique", "mrtr.state-request-binding", "mrtr.protocol-error"] {
        run.verdict(
            id,
            unverified(
                "no tool asks for input",
                "add a tool that elicits, and name it in `props.elicits`",
            ),
        );
    }
    run.verdict(
        "auth.rs.reject-signature",
        unverified("the server asks for no token", "run with `--auth`"),
    );
    run.verdict(
        "tasks.get.unknown-id",
        Verdict::NotApplicable { why: "the server declares no tasks".into() },
    );
    run.check(
        "http.origin.error-body",
        &[case("", "", Verdict::violated("an error without id", "an empty body"), &[9], 1)],
    );
    run.verdict("http.header-names-server", Verdict::Held);
    for id in ["patterns.no-server-requests", "http.sse.no-requests"] {
        let request = Verdict::violated("no request of the server", "a request elicitation/create");
        run.check(id, &[case("asks", "a tool that asks for input", request, &[6], 1)]);
        run.tells("patterns.no-server-requests");
    }
    run.check(
        "discover.lists-served-version",
        &[case(
            "",
            "",
            Verdict::violated("2026-07-28 among the versions", "only 2025-11-25"),
            &[1],
            1,
        )],
    );
    run.check(
        "resources.read.listed",
        &[case("", "", Verdict::violated("contents of file:///a", "error -32602"), &[1], 1)],
    );
    run.finish(known, vec![])
}

/// The events of the run over stdio.
pub(crate) fn stdio_events() -> Vec<Event> {
    let mut run = Run::new(TargetInfo {
        role: Role::Server,
        address: "node server.js --name 'my server'".into(),
        transport: "stdio".into(),
        era: "dual".into(),
        server: Some(format!("evil {HOSTILE}")),
        ..TargetInfo::default()
    });
    for exchange in exchanges::stdio() {
        run.events.push(Event::Exchanged(exchange.into()));
    }
    run.check(
        "stdio.server-stdout-only-mcp",
        &[
            case(
                "",
                "",
                Verdict::violated("only messages on standard output", "a banner"),
                &[1],
                1,
            ),
            case(
                "binary",
                "bytes that are no UTF-8",
                Verdict::violated("an answer", HOSTILE),
                &[2],
                1,
            ),
        ],
    );
    run.check(
        "base.response.same-id",
        &[case("", "", Verdict::violated("id \"it's\"", "no answer in 2 s"), &[3], 1)],
    );
    let mut events = run.finish(BTreeMap::new(), vec![format!("check `x` panicked: {HOSTILE}")]);
    let Event::RunStarted(start) = &mut events[0] else { unreachable!("the first event") };
    start.policy = Policy { strict: true, deny_unverified: true };
    events
}

/// Reports in which whatever is text attacks the reader.
pub(crate) fn hostile() -> Vec<Report> {
    let mut forged = http();
    for (n, check) in forged.checks.iter_mut().enumerate() {
        let info = &mut check.info;
        for text in [&mut info.id, &mut info.page, &mut info.summary, &mut info.url, &mut info.docs]
        {
            *text = format!("{n}{HOSTILE}");
        }
        for case in &mut check.cases {
            case.case = format!("{}{HOSTILE}", case.case);
            case.title = HOSTILE.into();
        }
        check.known = check.known.as_ref().map(|_| HOSTILE.into());
    }
    forged.run.target.address = HOSTILE.into();
    forged.run.target.notes.push(HOSTILE.into());
    forged.run.suite = HOSTILE.into();
    vec![http(), stdio(), forged]
}

/// A run of many checks and exchanges.
pub(crate) fn large(checks: usize, exchanges: usize) -> Report {
    let mut run = Run::new(TargetInfo::default());
    let template = exchanges::http().remove(5);
    for seq in 1..=exchanges {
        let mut exchange = template.clone();
        exchange.seq = seq as u64;
        run.events.push(Event::Exchanged(exchange.into()));
    }
    let ids: Vec<String> = run.edition.ledger.rows().iter().map(|r| r.id.clone()).collect();
    for (n, id) in ids.iter().take(checks).enumerate() {
        let rests_on: Vec<u64> = (0..5).map(|i| ((n * 5 + i) % exchanges + 1) as u64).collect();
        let broken = || Verdict::violated("a", format!("b of {n}"));
        let verdict = if n % 10 == 0 { broken() } else { Verdict::Held };
        run.check(id, &[case("one", "a case", verdict, &rests_on, 1)]);
    }
    fold(&run.finish(BTreeMap::new(), vec![]))
}

/// The run over HTTP as one by two revisions.
pub(crate) fn dual_events() -> Vec<Event> {
    let revisions = ["2026-07-28", "2025-11-25"].map(str::to_owned);
    let mut events = Vec::new();
    for (n, revision) in (0..).zip(&revisions) {
        for mut event in http_events() {
            match &mut event {
                Event::RunStarted(run) => {
                    (run.revision, run.revisions) = (revision.clone(), revisions.to_vec());
                }
                Event::Exchanged(exchange) => Arc::make_mut(exchange).seq += n * 1000,
                Event::CaseFinished(case) => {
                    case.exchanges.iter_mut().for_each(|seq| *seq += n * 1000);
                }
                _ => {}
            }
            events.push(event);
        }
    }
    events
}

/// Its reports.
pub(crate) fn dual() -> Reports {
    Reports::fold(dual_events()).expect("the sample folds")
}

fn fold(events: &[Event]) -> Report {
    Report::fold(events.to_vec()).expect("the sample folds")
}

fn unverified(why: &str, how_to_enable: &str) -> Verdict {
    Verdict::Unverified { why: why.into(), how_to_enable: how_to_enable.into() }
}

fn case(slug: &str, title: &str, verdict: Verdict, exchanges: &[u64], count: u32) -> CaseFinished {
    let slug = if slug.is_empty() { "every-exchange" } else { slug };
    let title = if title.is_empty() { "every exchange of the run" } else { title };
    CaseFinished {
        check: String::new(),
        case: slug.into(),
        title: title.into(),
        verdict,
        exchanges: exchanges.to_vec(),
        count,
        again: None,
    }
}

struct Run {
    edition: Edition,
    start: RunStarted,
    events: Vec<Event>,
    at: u64,
}

impl Run {
    fn new(target: TargetInfo) -> Self {
        let edition = Edition::latest();
        let start = RunStarted {
            format: FORMAT,
            plumb: "0.1.0".into(),
            revision: edition.revision.clone(),
            revisions: Vec::new(),
            started: "2026-08-03T09:30:00Z".into(),
            seed: 7,
            suite: "core".into(),
            policy: Policy::default(),
            target,
            checks: Vec::new(),
            known: BTreeMap::new(),
            positions: vec![],
            judged_by: None,
        };
        Self { edition, start, events: Vec::new(), at: 1_000 }
    }

    fn check(&mut self, id: &str, cases: &[CaseFinished]) {
        let verdict = Verdict::fold(cases.iter().map(|c| c.verdict.clone())).expect("has cases");
        let cases = cases.iter().cloned().map(|case| CaseFinished { check: id.into(), ..case });
        self.begin(id);
        self.events.extend(cases.map(Event::CaseFinished));
        self.end(id, verdict);
    }

    fn verdict(&mut self, id: &str, verdict: Verdict) {
        self.begin(id);
        self.end(id, verdict);
    }

    fn begin(&mut self, id: &str) {
        let info = self.edition.info(id, DOCS.into()).unwrap_or_else(|| panic!("{id} is no row"));
        self.start.checks.push(info);
        self.events.push(Event::CheckStarted { check: id.into(), at: self.at });
    }

    /// The last check tells the fact of this one, if that is another.
    fn tells(&mut self, fact: &str) {
        let last = self.start.checks.last_mut().expect("a check");
        last.fact = (last.id != fact).then(|| fact.to_owned());
    }

    fn end(&mut self, id: &str, verdict: Verdict) {
        self.at += 12_345;
        self.events.push(Event::CheckFinished { check: id.into(), at: self.at, verdict });
    }

    fn finish(
        mut self,
        known: BTreeMap<String, String>,
        internal_faults: Vec<String>,
    ) -> Vec<Event> {
        self.start.known = known;
        let reason = "folders are listed so that they are seen".to_owned();
        let other_sides = OtherSides(BTreeMap::from([("listed-is-usable".to_owned(), reason)]));
        let cited = self.start.checks.iter().flat_map(|c| &c.positions).map(String::as_str);
        self.start.positions = self.edition.positions.cited(cited, &other_sides);
        self.events.insert(0, Event::RunStarted(Box::new(self.start)));
        self.events.push(Event::RunFinished {
            at: self.at + 1_000_000,
            internal_faults,
            remarks: Vec::new(),
            left_out: 0,
        });
        self.events
    }
}
