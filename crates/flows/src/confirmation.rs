//! What is looked at again before it is a violation.

use plumb_runner::Finding;

/// Looks at the target until a violation was shown by each of so many, or one shows anything else: a busy machine, a session that ends,
/// a message that another one passes look like a fault once.
///
/// ```text
/// let mut confirmation = Confirmation::by(LOOKS);
/// while confirmation.is_open() {
///     confirmation.saw(look(bench).await?);
/// }
/// Ok(confirmation.finding())
/// ```
#[derive(Debug)]
pub struct Confirmation {
    looks: usize,
    taken: usize,
    finding: Finding,
}

impl Confirmation {
    /// A violation counts that so many looks show; one is taken in any case.
    pub const fn by(looks: usize) -> Self {
        Self { looks, taken: 0, finding: Finding::Held }
    }

    /// Whether another look is to be taken.
    pub const fn is_open(&self) -> bool {
        let violated = matches!(self.finding, Finding::Violated { .. });
        self.taken == 0 || violated && self.taken < self.looks
    }

    /// What a look showed.
    pub fn saw(&mut self, finding: Finding) {
        self.taken += 1;
        self.finding = finding;
    }

    /// What the last look showed, which is what the target is judged by.
    pub fn finding(self) -> Finding {
        self.finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these looks, each of which may not be taken, and how many were.
    fn of(shown: &[Finding]) -> (Finding, usize) {
        let mut confirmation = Confirmation::by(3);
        let mut shown = shown.iter();
        let mut taken = 0;
        while confirmation.is_open() {
            confirmation.saw(shown.next().expect("no look too many").clone());
            taken += 1;
        }
        (confirmation.finding(), taken)
    }

    fn violated(n: usize) -> Finding {
        Finding::violated("one", format!("look {n}"))
    }

    #[test]
    fn a_violation_is_what_every_look_shows_told_as_the_last_one_did() {
        assert_eq!(of(&[1, 2, 3].map(violated)), (violated(3), 3));
    }

    #[test]
    fn whatever_else_a_look_shows_ends_the_doubt() {
        let unseen = Finding::unseen("nothing came", "send it");
        assert_eq!(of(&[Finding::Held, violated(2)]), (Finding::Held, 1));
        assert_eq!(of(&[violated(1), unseen.clone(), violated(3)]), (unseen, 2));
        assert_eq!(of(&[violated(1), violated(2), Finding::Held]), (Finding::Held, 3));
    }
}
