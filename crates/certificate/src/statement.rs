//! What a bundle says: an in-toto statement with the predicate of test results, and fields of ours beside it for what that
//! predicate has no word for.

use plumb_model::{Report, Verdict};
use serde::{Deserialize, Serialize};

use crate::{Digest, Judgement, Standing, distil};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// An in-toto statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// The target.
    pub subject: Vec<Resource>,
    predicate_type: String,
    /// What was found.
    pub predicate: Predicate,
}

/// Something by its name and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: Sha256,
}

/// A digest as in-toto writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sha256 {
    sha256: String,
}

/// The predicate of test results; from `unverifiedTests` on, the fields are ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// `PASSED`, `WARNED` or `FAILED`; what is undecided has not passed.
    pub result: String,
    /// What was judged by.
    pub configuration: Vec<Resource>,
    /// Requirements that held.
    pub passed_tests: Vec<String>,
    /// Requirements that are violated without failing: SHOULDs, and what is inferred.
    pub warned_tests: Vec<String>,
    /// MUSTs that are violated.
    pub failed_tests: Vec<String>,
    /// Requirements for which the target offered nothing to observe.
    pub unverified_tests: Vec<String>,
    /// Requirements that were tried and not seen.
    pub inconclusive_tests: Vec<String>,
    /// Requirements that do not concern the target.
    pub not_applicable_tests: Vec<String>,
    /// What all of this amounts to.
    pub judgement: Judgement,
    /// Who was judged.
    pub target: Identity,
    /// How the target was kept from the rest of the machine.
    pub confinement: Confinement,
    /// The digest of all verdicts without times and evidence: two runs of the same target have it in common.
    pub verdicts_digest: Digest,
    /// What is this run's alone.
    pub occasion: Occasion,
}

/// Who was judged. Addresses of a machine are no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Its name: that of the registry's entry, or by its own account.
    pub name: String,
    /// Its version, by the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The package, as a package URL, such as `pkg:npm/%40scope/name@1.2.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The digest of the package or image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_digest: Option<String>,
    /// Its public address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `http` or `stdio`.
    pub transport: String,
    /// `modern`, `dual` or `legacy`.
    pub era: String,
}

/// How a target was kept from the rest of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", deny_unknown_fields)]
pub enum Confinement {
    /// It runs on a machine of others: nothing of it was executed here.
    Remote,
    /// Not at all: somebody asked for that, or it is their own command.
    None,
    /// In a sandbox without network.
    Sandbox {
        /// The engine and what it was told.
        engine: String,
    },
}

/// What is one run's alone: times and addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Occasion {
    /// Wall-clock time of the start, RFC 3339.
    pub started: String,
    /// Wall time of the run, microseconds.
    pub took: u64,
    /// The address or the command.
    pub address: String,
    /// The digest of the recording that the bundle carries.
    pub recording_digest: Digest,
}

/// What a report does not say of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// Name, version and package, where a registry's entry tells them.
    pub entry: Option<Identity>,
    /// How the target was confined.
    pub confinement: Confinement,
}

impl Statement {
    /// The statement about a run whose recording has this digest.
    pub(crate) fn new(
        report: &Report,
        judgement: Judgement,
        about: About,
        recording: Digest,
    ) -> Self {
        let target = Identity::of(report, about.entry);
        let configuration = configuration(report, &judgement);
        let with = |wanted: fn(&Verdict) -> bool| -> Vec<String> {
            let checks = report.checks.iter().filter(|check| wanted(&check.verdict));
            checks.map(|check| check.info.id.clone()).collect()
        };
        let failed = |id: &String| judgement.violated.contains(id);
        let violated = with(|verdict| matches!(verdict, Verdict::Violated { .. }));
        let (failed_tests, warned_tests) = violated.into_iter().partition(failed);
        let predicate = Predicate {
            result: result(judgement.standing).to_owned(),
            configuration,
            passed_tests: with(|verdict| matches!(verdict, Verdict::Held)),
            warned_tests,
            failed_tests,
            unverified_tests: with(|verdict| matches!(verdict, Verdict::Unverified { .. })),
            inconclusive_tests: with(|verdict| matches!(verdict, Verdict::Inconclusive { .. })),
            not_applicable_tests: with(|verdict| matches!(verdict, Verdict::NotApplicable { .. })),
            judgement,
            verdicts_digest: Digest::of_value(&distil::verdicts_alone(&report.checks)),
            confinement: about.confinement,
            occasion: Occasion {
                started: report.run.started.clone(),
                took: report.took,
                address: report.run.target.address.clone(),
                recording_digest: recording,
            },
            target,
        };
        let subject = vec![predicate.target.resource()];
        let (kind, predicate_type) = (STATEMENT.to_owned(), TEST_RESULT.to_owned());
        Self { kind, subject, predicate_type, predicate }
    }

    /// Whether it says of a run what the run shows: whoever signs nothing can still be held to that.
    pub(crate) fn is_about(&self, report: &Report) -> bool {
        let Predicate { judgement, confinement, target, occasion, .. } = &self.predicate;
        let about = About { entry: Some(target.clone()), confinement: confinement.clone() };
        let recording = occasion.recording_digest.clone();
        judgement.is_about(report)
            && *self == Self::new(report, judgement.clone(), about, recording)
    }

    /// Whether it is a statement of the kind that we write.
    pub(crate) fn is_ours(&self) -> bool {
        self.kind == STATEMENT && self.predicate_type == TEST_RESULT
    }
}

impl Identity {
    fn of(report: &Report, entry: Option<Self>) -> Self {
        let target = &report.run.target;
        let own = target.server.as_deref().unwrap_or("a server without a name");
        let (name, version) = match own.rsplit_once(' ') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (own.to_owned(), None),
        };
        let entry = entry.unwrap_or_else(|| Self { name, version, ..Self::default() });
        let (transport, era) = (target.transport.clone(), target.era.clone());
        Self { transport, era, ..entry }
    }

    fn resource(&self) -> Resource {
        // Package managers have digests of other kinds, too; those stand in the identity, which then has one of ours.
        let sha256 =
            self.package_digest.as_deref().and_then(|digest| digest.strip_prefix("sha256:"));
        let digest = sha256.map_or_else(|| Digest::of_value(self).hex().to_owned(), str::to_owned);
        let name = self.package.as_ref().or(self.url.as_ref()).unwrap_or(&self.name);
        Resource { name: name.clone(), digest: Sha256 { sha256: digest } }
    }
}

fn configuration(report: &Report, judgement: &Judgement) -> Vec<Resource> {
    let hex = |text: &str| text.strip_prefix("sha256:").unwrap_or(text).to_owned();
    let resource =
        |name: String, digest: &str| Resource { name, digest: Sha256 { sha256: hex(digest) } };
    let set = format!("frozen set {}", judgement.set);
    let mut all = vec![resource(set, &judgement.set_digest.to_string())];
    if let Some(by) = &report.run.judged_by {
        let named = [
            (format!("ledger {}", report.run.revision), Some(&by.ledger)),
            ("positions".to_owned(), Some(&by.positions)),
            ("packs".to_owned(), Some(&by.packs)),
            (format!("suite {}", report.run.suite), Some(&by.suite)),
            (format!("plumb {}", report.run.plumb), by.binary.as_ref()),
        ];
        all.extend(named.into_iter().filter_map(|(name, digest)| Some(resource(name, digest?))));
    }
    all
}

fn result(standing: Standing) -> &'static str {
    match standing {
        Standing::Conformant => "PASSED",
        Standing::ConformantWithReservations => "WARNED",
        Standing::NotConformant | Standing::Undecided => "FAILED",
    }
}
