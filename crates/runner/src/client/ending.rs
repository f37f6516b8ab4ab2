//! How a client ended where it did not end well, as it is told.

/// So many scenarios are named in which the same thing befell.
const NAMED: usize = 4;

/// What befell in a scenario, or, without one, in the whole run.
pub(super) struct Ending {
    pub(super) scenario: Option<&'static str>,
    pub(super) how: String,
}

impl Ending {
    /// A line for each thing that befell, in as many scenarios as it did.
    pub(super) fn lines(all: &[Self]) -> Vec<String> {
        let mut befell: Vec<(&str, Vec<&str>)> = Vec::new();
        for Self { scenario, how } in all {
            let known = befell.iter().position(|(known, _)| known == how);
            let at = known.unwrap_or_else(|| {
                befell.push((how, Vec::new()));
                befell.len() - 1
            });
            befell[at].1.extend(*scenario);
        }
        let line = |(how, scenarios): (&str, Vec<&str>)| {
            let (first, others) = scenarios.split_at(scenarios.len().min(NAMED));
            let names: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            match (&names[..], others.len()) {
                ([], _) => how.to_owned(),
                (_, 0) => format!("in {} {how}", names.join(", ")),
                (_, more) => format!("in {} and {more} more {how}", names.join(", ")),
            }
        };
        befell.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_befell_in_many_scenarios_is_told_once() {
        let of = |scenario, how: &str| Ending { scenario, how: how.to_owned() };
        let all = [
            of(Some("a"), "it failed"),
            of(Some("b"), "it hung"),
            of(Some("c"), "it failed"),
            of(None, "nobody came"),
            of(Some("d"), "it failed"),
            of(Some("e"), "it failed"),
            of(Some("f"), "it failed"),
        ];
        let failed = "in `a`, `c`, `d`, `e` and 1 more it failed";
        let told = [failed, "in `b` it hung", "nobody came"];
        assert_eq!(Ending::lines(&all), told);
    }
}
