//! What the specification leaves to a server: every value here is legal.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::auth::protection::Protection;
use crate::burden::Burden;
use crate::revision::SERVED;

/// The choices of a conforming server. The default is the plainest one; what is left out of a serialised form is that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// When an answer is an event stream.
    pub sse: SseMode,
    /// HTTP answers are pretty-printed: in an event stream, one `data:` line for each line of JSON.
    pub pretty_json: bool,
    /// Lines of event streams end in CR LF.
    pub crlf: bool,
    /// A comment line precedes every event.
    pub comments: bool,
    /// An event with empty data precedes every event: readers drop it.
    pub empty_events: bool,
    /// An idle event stream carries a comment line at this interval.
    pub keep_alive: Duration,
    /// Events name their type: `event: message`.
    pub event_lines: bool,
    /// Content types carry `charset=utf-8`.
    pub charset_parameter: bool,
    /// Content types are written in upper case.
    pub uppercase_media_type: bool,
    /// Results and their `_meta` carry members that no specification knows.
    pub extra_fields: bool,
    /// Errors have other messages.
    pub other_messages: bool,
    /// The HTTP status of JSON-RPC errors for which the specification names none; the server's own if `None`.
    pub error_status: Option<u16>,
    /// Progress is reported in fractions of one, without a total.
    pub fractional_progress: bool,
    /// Content blocks carry annotations.
    pub annotations: bool,
    /// Every `InputRequiredResult` carries `requestState`, whether the server needs it or not.
    pub request_state_always: bool,
    /// The HTTP status of errors for which the text names none.
    pub handler_error_status: u16,
    /// Forms have fields whose names merely contain a sensitive word, and show what an address looks like; the client's own
    /// name stands in the URLs of elicitations.
    pub innocent_words: bool,
    /// Rounds of a loop in which the client's model uses tools.
    pub sampling_rounds: u64,
    /// The protocol versions served, all with the semantics of the one revision that the server knows.
    pub versions: Vec<String>,
    /// How many tools to add, so that the list has many pages.
    pub extra_tools: usize,
    /// Items on a page; `None` lets every list choose a size that gives it two pages.
    pub page_size: Option<usize>,
    /// One tool has no description.
    pub tool_without_description: bool,
    /// One prompt has no description.
    pub prompt_without_description: bool,
    /// One tool has a name of 100 characters.
    pub long_tool_name: bool,
    /// The lists of tools, resources and prompts begin with an item that is another one at this interval, and are not
    /// announced: what follows is pushed on by one place.
    pub restless_lists: Option<Duration>,
    /// Of a template only the values that complete it have a resource.
    pub few_ids: bool,
    /// A template has a literal beyond ASCII, which is expanded to its escapes.
    pub accented_template: bool,
    /// A directory is listed, which cannot be read.
    pub listed_directory: bool,
    /// A prompt has two optional arguments of which it needs one.
    pub either_argument: bool,
    /// Completions are their values and nothing else; an argument without a completer is refused, an unknown one has no
    /// values.
    pub plain_completions: bool,
    /// Clients that declare capabilities are told of an extension that is for them.
    pub capabilities_follow_client: bool,
    /// The lists of features that are not offered are answered, and empty.
    pub empty_lists_answered: bool,
    /// Media types and schemas are valid and uncommon: an image of another type than its bytes, a pattern that only
    /// some engines read.
    pub uncommon_values: bool,
    /// Offers the tool `external_ref`, whose `inputSchema` refers to this URL.
    pub external_ref: Option<String>,
    /// How long a `requestState` is good for.
    pub state_ttl: Duration,
    /// The key of cursors and `requestState`; replicas of one server share it.
    pub secret: [u8; 32],
    /// Where tasks are kept, so that they outlive the process and replicas share them; in memory if nowhere.
    pub state_dir: Option<PathBuf>,
    /// Over standard streams, one process serves at a time: that which holds a lock of this file. Another one ends.
    pub lock: Option<PathBuf>,
    /// The server features offered, and declared as capabilities.
    pub features: Features,
    /// A `Host` that names another machine is refused with 403, as DNS rebinding would show itself.
    pub check_host: bool,
    /// Tool calls and completions per second before the server says that it is enough.
    pub calls_per_second: u32,
    /// So many tool calls are worked on at once; a further one is turned away until one has ended.
    pub calls_at_once: Option<usize>,
    /// Requests are worked on one after the other, subscriptions aside: a later one waits for those before it.
    pub works_in_turn: bool,
    /// Over standard streams nothing is read while a request is worked on, subscriptions aside: a cancellation comes too late.
    pub reads_in_turn: bool,
    /// How a caller is told that it called too often, or that too many do at once.
    pub limit_by: LimitBy,
    /// Every so many HTTP requests one is turned away with this status, 429 or 503, and `Retry-After: 1`.
    pub turned_away: Option<(u64, u16)>,
    /// Every so many HTTP requests the answer to one comes to nothing: by turns a bare status of 500, and JSON that breaks off in
    /// the middle.
    pub mishaps: Option<u64>,
    /// Requests over HTTP are taken out of a bucket of so many, into which so many come back in a second; what finds it
    /// empty is turned away with status 429 and `Retry-After: 1`.
    pub bucket: Option<(u32, u32)>,
    /// What the server burdens its clients with.
    pub burden: Option<Burden>,
    /// Every answer comes so much later.
    pub answer_delay: Duration,
    /// The server answers so much later than it was started.
    pub start_delay: Duration,
    /// Texts tell the time, and `_meta` holds something else each time.
    pub texts_differ: bool,
    /// What is optional in lists and in the answer to `server/discover` is left out.
    pub bare: bool,
    /// Tools that change something, and those of the commonest calls, have names that no fixture has.
    pub own_names: bool,
    /// Only these tools are offered, in place of all.
    pub only_tools: Option<Vec<String>>,
    /// What is offered is what advice asks for: nothing deprecated, no task for quick work, a schema for all data. It is a
    /// poorer server to test with.
    pub exemplary: bool,
    /// The text of a task's question says how long there is to answer: it differs from reading to reading.
    pub counting_questions: bool,
    /// Changes are announced: `listChanged` and `subscribe` are declared, and `subscriptions/listen` is served.
    pub announces: bool,
    /// A subscription to nothing is refused.
    pub empty_listen_refused: bool,
    /// So many subscriptions are open at once; a further one is refused until one has ended, whatever it lacks.
    pub subscriptions_at_once: Option<usize>,
    /// What HTTP itself refuses, such as a method or a media type, is told by JSON that is no message of the protocol, as web
    /// frameworks do.
    pub framework_errors: bool,
    /// Lists and resources change by themselves, five times a second, as far as subscriptions can tell.
    pub lively: bool,
    /// What is published beside the protocol, over HTTP.
    pub published: Published,
    /// The server is protected: every request over HTTP needs a token.
    pub protection: Option<Protection>,
    /// Of a protected server, calls, readings and tasks alone need a token; all else is served to everybody.
    pub only_use_protected: bool,
    /// Discovery, which comes before authorization, looks at no token.
    pub open_discovery: bool,
}

/// When an answer over HTTP is an event stream. The answer to `subscriptions/listen` always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SseMode {
    /// Never: notifications of a request are left out.
    Never,
    /// When there are notifications to send before the response.
    #[default]
    WhenStreaming,
    /// Always, errors included (with the status that the text demands).
    Always,
}

/// What is published beside the protocol: a Server Card (SEP-2127), and a catalogue that leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Published {
    /// Nothing.
    Nothing,
    /// A card below the endpoint, and the catalogue at its well-known place.
    #[default]
    Card,
    /// The same, and the tag of the card is a weak one.
    WeakTag,
    /// A catalogue with the card in it.
    Inline,
}

/// How a caller is told that it called too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LimitBy {
    /// By a result that says `isError`.
    #[default]
    ToolError,
    /// By a JSON-RPC error.
    RpcError,
    /// By a JSON-RPC error with HTTP 429.
    Status429,
}

/// The server features, one for each capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Features {
    /// Tools.
    pub tools: bool,
    /// Resources and their templates.
    pub resources: bool,
    /// Prompts.
    pub prompts: bool,
    /// Argument completion.
    pub completions: bool,
    /// Log messages.
    pub logging: bool,
    /// The tasks extension.
    pub tasks: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            tools: true,
            resources: true,
            prompts: true,
            completions: true,
            logging: true,
            tasks: true,
        }
    }
}

impl Options {
    /// A server that leaves nothing to advise.
    pub fn exemplary() -> Self {
        let features = Features { logging: false, ..Features::default() };
        Self { exemplary: true, features, ..Self::default() }
    }
}

impl Default for Options {
    #[expect(clippy::too_many_lines, reason = "a table: one line for each choice")]
    fn default() -> Self {
        Self {
            sse: SseMode::default(),
            pretty_json: false,
            crlf: false,
            comments: false,
            empty_events: false,
            keep_alive: Duration::from_secs(15),
            event_lines: false,
            charset_parameter: false,
            uppercase_media_type: false,
            extra_fields: false,
            other_messages: false,
            error_status: None,
            fractional_progress: false,
            annotations: false,
            request_state_always: false,
            handler_error_status: 200,
            innocent_words: false,
            sampling_rounds: 4,
            versions: vec![SERVED.to_owned()],
            extra_tools: 0,
            page_size: None,
            tool_without_description: false,
            prompt_without_description: false,
            long_tool_name: false,
            restless_lists: None,
            few_ids: false,
            accented_template: false,
            listed_directory: false,
            either_argument: false,
            plain_completions: false,
            capabilities_follow_client: false,
            empty_lists_answered: false,
            uncommon_values: false,
            external_ref: None,
            state_ttl: Duration::from_mins(5),
            secret: *b"a test server has naught to hide",
            state_dir: None,
            lock: None,
            features: Features::default(),
            check_host: true,
            calls_per_second: 5_000,
            calls_at_once: None,
            works_in_turn: false,
            reads_in_turn: false,
            limit_by: LimitBy::default(),
            turned_away: None,
            mishaps: None,
            bucket: None,
            burden: None,
            answer_delay: Duration::ZERO,
            start_delay: Duration::ZERO,
            texts_differ: false,
            bare: false,
            own_names: false,
            only_tools: None,
            exemplary: false,
            counting_questions: false,
            announces: true,
            empty_listen_refused: false,
            subscriptions_at_once: None,
            framework_errors: false,
            lively: false,
            published: Published::default(),
            protection: None,
            only_use_protected: false,
            open_discovery: false,
        }
    }
}
