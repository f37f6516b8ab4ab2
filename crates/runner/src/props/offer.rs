//! What a user can do so that a prop is found: said in full, and by what this target offers.

use super::{FIXTURE_PROMPTS, FIXTURE_TOOLS, Prop};
use crate::Survey;

/// So many tools that were not called are named, if their names are no longer than this, in bytes.
const NAMED: usize = 4;
const LONGEST: usize = 64;

/// A list of the target in which names stand.
pub(crate) enum Among {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
}

impl Prop {
    /// What it is, for people who know nothing of its name; without an article.
    pub fn what(self) -> &'static str {
        match self {
            Self::Tool => "tool that may be called",
            Self::StructuredTool => "tool with an `outputSchema`",
            Self::ErrorTool => "tool that answers with `isError`",
            Self::SlowTool => {
                "tool that takes a while, such as one with an argument `duration_ms` or `seconds`"
            }
            Self::ProgressTool => "tool that reports progress",
            Self::LoggingTool => "tool that logs",
            Self::AllLevelsTool => "tool that logs at every level",
            Self::ImageTool => "tool that answers with an image",
            Self::AudioTool => "tool that answers with audio",
            Self::EmbeddedTool => "tool that answers with an embedded resource",
            Self::MixedTool => "tool that answers with several kinds of content",
            Self::ElicitTool => "tool that asks the user by a form (elicitation)",
            Self::ElicitUrlTool => "tool that sends the user to a URL (elicitation)",
            Self::SamplingTool => "tool that asks the client's model (sampling)",
            Self::SamplingToolsTool => "tool that asks the client's model and gives it tools",
            Self::RootsTool => "tool that asks for the client's roots",
            Self::MultiInputTool => "tool that asks for several inputs at once",
            Self::MultiRoundTool => "tool that asks for input in several rounds",
            Self::StateTool => "tool that asks for input and gives a `requestState`",
            Self::OnceTool => "tool whose `requestState` counts once",
            Self::NeedsCapabilityTool => "tool that cannot do without a capability of the client",
            Self::CapabilityAwareTool => "tool that asks only for what the client declares",
            Self::InputPrompt => "prompt that asks for input",
            Self::ChangeTools => "tool that changes the list of tools",
            Self::ChangePrompts => "tool that changes the list of prompts",
            Self::ChangeResources => "tool that changes the list of resources",
            Self::UpdateResource => "tool that updates a resource",
            Self::AnnotatedTool => {
                "tool with a string parameter that is mirrored into a header (`x-mcp-header`)"
            }
            Self::IdentityTool => "tool that tells by what identity it was called",
            Self::WhoamiTool => "tool that tells who calls, by the access token",
            Self::UpstreamTool => "tool that asks another service",
            Self::Journal => "tool that tells what other tools did",
            Self::Schema2020Tool => "tool whose schema uses JSON Schema 2020-12",
            Self::TaskTool => "tool that answers with a task",
            Self::SlowTaskTool => "tool whose task takes a while",
            Self::ErrorTaskTool => "tool whose task ends with a result that says `isError`",
            Self::FailingTaskTool => "tool whose task ends with a JSON-RPC error",
            Self::InputTaskTool => "tool whose task waits for input",
            Self::MultiInputTaskTool => "tool whose task waits for several inputs at once",
            Self::TaskOnlyTool => "tool that only a task can serve",
            Self::MrtrTaskTool => "tool that asks for input before it answers with a task",
            Self::Resource => "listed resource",
            Self::TextResource => "listed resource with text",
            Self::BinaryResource => "listed resource with bytes",
            Self::Template => "resource template that can be expanded",
            Self::Prompt => "listed prompt",
            Self::PromptWithArguments => "listed prompt with a required argument",
            Self::ImagePrompt => "prompt with an image",
            Self::AudioPrompt => "prompt with audio",
            Self::EmbeddedPrompt => "prompt with an embedded resource",
            Self::Completion => "argument of a prompt or template that completes",
            Self::ManyCompletions => "argument with more than a hundred completions",
        }
    }

    /// What it is called in the fixture of the official suite, if it is there.
    pub fn fixture(self) -> Option<&'static str> {
        let tool = FIXTURE_TOOLS.iter().find(|(prop, ..)| *prop == self).map(|(_, name, _)| *name);
        let prompt = FIXTURE_PROMPTS.iter().find(|(prop, _)| *prop == self).map(|(_, name)| *name);
        tool.or(prompt)
    }

    /// What the user can add so that checks which need it are judged.
    pub fn how_to_enable(self) -> String {
        let what = self.what();
        if !self.is_a_tool() {
            return format!(
                "offer a {what}{}, or name it in plumb.toml: {}",
                self.called(),
                self.line("…")
            );
        }
        format!(
            "offer a {what}{}, marked `readOnlyHint: true` or allowed by `--allow-calls NAME`, or name it in plumb.toml: {}",
            self.called(),
            self.line("…")
        )
    }

    /// The same for a target that was looked at: whether a line of the user's may do, or what it lacks.
    pub(crate) fn how_to_enable_at(self, survey: &Survey) -> String {
        if !self.is_a_tool() {
            return format!("the server offers none: add a {}{}", self.what(), self.called());
        }
        let Some(uncalled) = survey.uncalled_in_words() else {
            return format!("all tools were looked at: add a {}{}", self.what(), self.called());
        };
        let first = survey.uncalled().next().unwrap_or("…");
        format!(
            "if one of the tools that were not called ({uncalled}) is a {}, mark it `readOnlyHint: true`, allow it by \
             `--allow-calls NAME`, or name it in plumb.toml: {}; or add one{}",
            self.what(),
            self.line(first),
            self.called()
        )
    }

    /// What names it in `plumb.toml`.
    fn line(self, name: &str) -> String {
        let about = match self {
            Self::UpdateResource => " and about = \"the URI of the resource that it updates\"",
            _ => "",
        };
        format!("[props.{}] with name = {name:?}{about}", self.name())
    }

    fn called(self) -> String {
        self.fixture()
            .map_or_else(String::new, |name| format!(" (the official fixture's is `{name}`)"))
    }

    /// In which list of the target its name stands, if it has one there.
    pub(crate) fn listed_among(self) -> Option<Among> {
        match self {
            Self::Prompt
            | Self::PromptWithArguments
            | Self::ImagePrompt
            | Self::AudioPrompt
            | Self::EmbeddedPrompt
            | Self::InputPrompt => Some(Among::Prompts),
            // Whether these are listed may depend on what the client declares.
            Self::TaskOnlyTool
            | Self::MrtrTaskTool
            | Self::NeedsCapabilityTool
            | Self::CapabilityAwareTool => None,
            _ if self.is_a_tool() => Some(Among::Tools),
            _ => None,
        }
    }

    fn is_a_tool(self) -> bool {
        self.what().starts_with("tool")
    }
}

impl Survey {
    /// The tools that were not called, since nothing allows it; those with the longest names are left out. Those that are
    /// set aside are called by the checks that look for what they change.
    fn uncalled(&self) -> impl Iterator<Item = &str> {
        let aside = |name: &str| self.set_aside.iter().any(|aside| aside == name);
        let called =
            move |name: &str| self.callable.iter().any(|c| c.tool["name"] == *name) || aside(name);
        let names = self.tools.items.iter().filter_map(|item| item.value["name"].as_str());
        names.filter(move |name| name.len() <= LONGEST && !called(name))
    }

    /// The same for people: the first of them, and how many more; none if all were called.
    pub(crate) fn uncalled_in_words(&self) -> Option<String> {
        let told: Vec<String> = self.uncalled().take(NAMED).map(|n| format!("`{n}`")).collect();
        let more = match self.uncalled().count().saturating_sub(told.len()) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        (!told.is_empty()).then(|| told.join(", ") + &more)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hint_says_what_it_is_about_and_how_it_is_named() {
        for prop in Prop::ALL {
            let how = prop.how_to_enable();
            assert!(how.contains(prop.what()) && how.contains(&prop.name()), "{how}");
            assert!(prop.fixture().is_none_or(|name| how.contains(name)), "{how}");
        }
    }

    #[test]
    fn only_tools_that_were_not_called_may_be_what_is_looked_for() {
        let mut survey = Survey::default();
        assert!(!Prop::SlowTool.how_to_enable_at(&survey).contains("plumb.toml"));
        let value = json!({"name": "wipe", "inputSchema": {"type": "object"}});
        survey.tools.items.push(crate::survey::Item { value, seq: 1 });
        let how = Prop::SlowTool.how_to_enable_at(&survey);
        assert!(
            how.contains("`wipe`") && how.contains("[props.slow-tool] with name = \"wipe\""),
            "{how}"
        );
        survey.set_aside.push("wipe".into());
        assert!(
            !Prop::SlowTool.how_to_enable_at(&survey).contains("wipe"),
            "it is called elsewhere"
        );
    }
}
