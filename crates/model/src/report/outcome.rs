//! What a run amounts to.

/// What a finished run amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No violated MUST, nothing inconclusive.
    Conformant,
    /// Violations, or what the suite denies.
    Violations,
    /// No check was selected.
    NothingSelected,
    /// MUSTs that could not be judged.
    Inconclusive,
    /// The known list names violations that are gone.
    StaleKnown,
    /// Plumb itself failed.
    OurFault,
}

impl Outcome {
    /// The exit code; 2, 4 and 7 (usage, target never reached, report not written) are the binary's own.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Conformant => 0,
            Self::Violations => 1,
            Self::NothingSelected => 3,
            Self::Inconclusive => 5,
            Self::StaleKnown => 6,
            Self::OurFault => 70,
        }
    }

    /// How much it outweighs others, where there are several.
    pub(super) fn gravity(self) -> u8 {
        match self {
            Self::Conformant => 0,
            Self::NothingSelected => 1,
            Self::StaleKnown => 2,
            Self::Inconclusive => 3,
            Self::Violations => 4,
            Self::OurFault => 5,
        }
    }
}
