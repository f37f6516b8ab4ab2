//! Props: things with known behaviour that some checks need.

mod likely;
pub(crate) mod offer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use likely::wanted_arguments;

/// A thing with known behaviour. Its home: `plumb.toml`, the official fixture names, or the survey, which
/// calls tools that are safe to call and watches what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prop {
    /// A tool that may be called.
    Tool,
    /// A tool that may be called and has an `outputSchema`.
    StructuredTool,
    /// A tool that answers with `isError`.
    ErrorTool,
    /// A tool that takes a while: one that can be told how long, or at least half a second longer than the target's quick
    /// exchanges take.
    SlowTool,
    /// A tool that reports progress.
    ProgressTool,
    /// A tool that logs.
    LoggingTool,
    /// A tool that logs at every level.
    AllLevelsTool,
    /// A tool that answers with an image.
    ImageTool,
    /// A tool that answers with audio.
    AudioTool,
    /// A tool that answers with an embedded resource.
    EmbeddedTool,
    /// A tool that answers with several kinds of content.
    MixedTool,
    /// A tool that asks for input by an elicitation form.
    ElicitTool,
    /// A tool that asks for input by an elicitation URL.
    ElicitUrlTool,
    /// A tool that asks for a completion (sampling).
    SamplingTool,
    /// A tool that asks for a completion with tools.
    SamplingToolsTool,
    /// A tool that asks for the roots.
    RootsTool,
    /// A tool that asks for several inputs at once.
    MultiInputTool,
    /// A tool that asks for input in several rounds.
    MultiRoundTool,
    /// A tool whose input request comes with a `requestState`.
    StateTool,
    /// A tool whose `requestState` counts once.
    OnceTool,
    /// A tool that cannot do without a client capability.
    NeedsCapabilityTool,
    /// A tool that asks only for what the client declares.
    CapabilityAwareTool,
    /// A prompt that asks for input.
    InputPrompt,
    /// A tool that changes the list of tools.
    ChangeTools,
    /// A tool that changes the list of prompts.
    ChangePrompts,
    /// A tool that changes the list of resources.
    ChangeResources,
    /// A tool that updates a resource.
    UpdateResource,
    /// A tool with a string parameter mirrored into a header.
    AnnotatedTool,
    /// A tool that tells what identity the request carried.
    IdentityTool,
    /// A tool that tells who asks, by the access token.
    WhoamiTool,
    /// A tool that asks another service, which `{auth.upstream}` stands for.
    UpstreamTool,
    /// A tool that reads back what other tools did.
    Journal,
    /// A tool whose schema uses keywords of JSON Schema 2020-12.
    Schema2020Tool,
    /// A tool that answers with a task when the client declares the tasks extension.
    TaskTool,
    /// A tool whose task takes a while; its arguments may say how long.
    SlowTaskTool,
    /// A tool whose task ends with a result that says `isError`.
    ErrorTaskTool,
    /// A tool whose task ends with a JSON-RPC error.
    FailingTaskTool,
    /// A tool whose task waits for input.
    InputTaskTool,
    /// A tool whose task waits for several inputs at once.
    MultiInputTaskTool,
    /// A tool that only a task can serve.
    TaskOnlyTool,
    /// A tool that asks for input before it answers with a task.
    MrtrTaskTool,
    /// A listed resource.
    Resource,
    /// A listed resource with text.
    TextResource,
    /// A listed resource with bytes.
    BinaryResource,
    /// A listed template that can be expanded.
    Template,
    /// A listed prompt.
    Prompt,
    /// A listed prompt with a required argument.
    PromptWithArguments,
    /// A prompt with an image.
    ImagePrompt,
    /// A prompt with audio.
    AudioPrompt,
    /// A prompt with an embedded resource.
    EmbeddedPrompt,
    /// An argument of a prompt or template that completes.
    Completion,
    /// An argument with more than a hundred completions.
    ManyCompletions,
}

/// A prop that was found: what to call, with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The tool, the prompt, the resource's URI or the template.
    pub name: String,
    /// The arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// What else is known of it: which resource it updates, which argument is annotated.
    #[serde(default)]
    pub about: Option<String>,
}

/// The props of a target.
pub type Props = BTreeMap<Prop, Found>;

impl Prop {
    /// Every prop.
    pub const ALL: &[Self] = &[
        Self::Tool,
        Self::StructuredTool,
        Self::ErrorTool,
        Self::SlowTool,
        Self::ProgressTool,
        Self::LoggingTool,
        Self::AllLevelsTool,
        Self::ImageTool,
        Self::AudioTool,
        Self::EmbeddedTool,
        Self::MixedTool,
        Self::ElicitTool,
        Self::ElicitUrlTool,
        Self::SamplingTool,
        Self::SamplingToolsTool,
        Self::RootsTool,
        Self::MultiInputTool,
        Self::MultiRoundTool,
        Self::StateTool,
        Self::OnceTool,
        Self::NeedsCapabilityTool,
        Self::CapabilityAwareTool,
        Self::InputPrompt,
        Self::ChangeTools,
        Self::ChangePrompts,
        Self::ChangeResources,
        Self::UpdateResource,
        Self::AnnotatedTool,
        Self::IdentityTool,
        Self::WhoamiTool,
        Self::UpstreamTool,
        Self::Journal,
        Self::Schema2020Tool,
        Self::TaskTool,
        Self::SlowTaskTool,
        Self::ErrorTaskTool,
        Self::FailingTaskTool,
        Self::InputTaskTool,
        Self::MultiInputTaskTool,
        Self::TaskOnlyTool,
        Self::MrtrTaskTool,
        Self::Resource,
        Self::TextResource,
        Self::BinaryResource,
        Self::Template,
        Self::Prompt,
        Self::PromptWithArguments,
        Self::ImagePrompt,
        Self::AudioPrompt,
        Self::EmbeddedPrompt,
        Self::Completion,
        Self::ManyCompletions,
    ];

    /// Its name in `plumb.toml`.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// The official fixture names that stand for a prop: a server built for the official suite gets the deep
/// checks with no configuration. The first name that is listed wins.
pub(crate) const FIXTURE_TOOLS: &[(Prop, &str, Option<&str>)] = &[
    (Prop::Tool, "test_simple_text", None),
    (Prop::ErrorTool, "test_error_handling", None),
    (Prop::ProgressTool, "test_tool_with_progress", None),
    (Prop::LoggingTool, "test_logging_tool", None),
    (Prop::ImageTool, "test_image_content", None),
    (Prop::AudioTool, "test_audio_content", None),
    (Prop::EmbeddedTool, "test_embedded_resource", None),
    (Prop::MixedTool, "test_multiple_content_types", None),
    (Prop::ElicitTool, "test_input_required_result_elicitation", None),
    (Prop::ElicitTool, "test_streaming_elicitation", None),
    (Prop::SamplingTool, "test_input_required_result_sampling", None),
    (Prop::RootsTool, "test_input_required_result_list_roots", None),
    (Prop::MultiInputTool, "test_input_required_result_multiple_inputs", None),
    (Prop::MultiRoundTool, "test_input_required_result_multi_round", None),
    (Prop::StateTool, "test_input_required_result_tampered_state", None),
    (Prop::StateTool, "test_input_required_result_request_state", None),
    (Prop::OnceTool, "test_input_required_result_single_use", None),
    (Prop::NeedsCapabilityTool, "test_missing_capability", None),
    (Prop::CapabilityAwareTool, "test_input_required_result_capabilities", None),
    (Prop::ChangeTools, "test_trigger_tool_change", None),
    (Prop::ChangePrompts, "test_trigger_prompt_change", None),
    (Prop::ChangeResources, "test_trigger_resource_change", None),
    (Prop::UpdateResource, "test_update_resource", Some("test://watched-resource")),
    (Prop::WhoamiTool, "whoami", None),
    (Prop::UpstreamTool, "call_upstream", None),
    (Prop::Schema2020Tool, "json_schema_2020_12_tool", None),
];

/// The prompts of the official fixture that stand for a prop.
pub(crate) const FIXTURE_PROMPTS: &[(Prop, &str)] = &[
    (Prop::Prompt, "test_simple_prompt"),
    (Prop::PromptWithArguments, "test_prompt_with_arguments"),
    (Prop::ImagePrompt, "test_prompt_with_image"),
    (Prop::AudioPrompt, "test_prompt_with_audio"),
    (Prop::EmbeddedPrompt, "test_prompt_with_embedded_resource"),
    (Prop::InputPrompt, "test_input_required_result_prompt"),
];

/// Whether a tool's name is one of the official fixture's, whose tools are made to be called.
pub(crate) fn is_fixture(name: &str) -> bool {
    FIXTURE_TOOLS.iter().any(|(_, n, _)| *n == name)
        || name.starts_with("test_input_required_result_")
        || ["greet", "slow_compute", "json_schema_2020_12_tool"].contains(&name)
}

/// The arguments that prompts of the official fixture expect by convention: prompt, argument, value.
const FIXTURE_VALUES: &[(&str, &str, &str)] = &[
    ("test_prompt_with_arguments", "arg1", "hello"),
    ("test_prompt_with_arguments", "arg2", "world"),
    ("test_prompt_with_embedded_resource", "resourceUri", "test://example-resource"),
];

/// What a prompt of the official fixture is got with: what it declares of its conventional arguments, and what it requires.
pub(crate) fn fixture_arguments(prompt: &Value) -> Map<String, Value> {
    let mut arguments = required_arguments(prompt);
    for name in declared(prompt).filter_map(|argument| argument["name"].as_str()) {
        if let Some(value) = fixture_value(prompt, name) {
            arguments.insert(name.to_owned(), json!(value));
        }
    }
    arguments
}

/// Values for the required arguments of a prompt: dummies, but for those of the official fixture.
pub fn required_arguments(prompt: &Value) -> Map<String, Value> {
    let required = declared(prompt).filter(|argument| argument["required"] == true);
    let value = |name: &str| json!(fixture_value(prompt, name).unwrap_or("plumb"));
    required.filter_map(|a| a["name"].as_str()).map(|name| (name.to_owned(), value(name))).collect()
}

fn declared(prompt: &Value) -> impl Iterator<Item = &Value> {
    prompt["arguments"].as_array().into_iter().flatten()
}

fn fixture_value(prompt: &Value, argument: &str) -> Option<&'static str> {
    let of = |(name, of, _): &&(&str, &str, &str)| prompt["name"] == *name && argument == *of;
    FIXTURE_VALUES.iter().find(of).map(|(_, _, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_got_with_what_it_declares_and_no_more() {
        let name = "test_prompt_with_arguments";
        let one = json!({"name": name, "arguments": [{"name": "arg1", "required": true}]});
        assert_eq!(Value::Object(required_arguments(&one)), json!({"arg1": "hello"}));
        let optional = json!({"name": name, "arguments": [{"name": "arg2"}, {"name": "tone"}]});
        assert_eq!(Value::Object(required_arguments(&optional)), json!({}));
        assert_eq!(Value::Object(fixture_arguments(&optional)), json!({"arg2": "world"}));
        let other = json!({"name": "greet", "arguments": [{"name": "arg1", "required": true}]});
        assert_eq!(Value::Object(fixture_arguments(&other)), json!({"arg1": "plumb"}));
    }
}
