//! What every answer has around it, and how it is written.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::burden::Burden;
use crate::call::Call;
use crate::content::{icon, text};
use crate::message::RpcError;
use crate::rules::Rules;
use crate::seal::random_name;
use crate::server::Server;
use crate::transport::Transport;

/// Wraps what a feature said.
pub(crate) fn answer(call: &Call, result: Result<Value, RpcError>) -> Answer {
    let status = result.as_ref().map_or_else(|error| error.status, |_| 200);
    if result.as_ref().is_err_and(|error| error.code == RpcError::CRASH) {
        return Answer { message: Value::Null, status };
    }
    let handler = call.server.options.handler_error_status;
    let status = if result.is_err() && status == 200 { handler } else { status };
    let result = result.map(|result| dress(call, as_text(call, result)));
    let mut message = response(&call.server, Some(&call.id), result);
    if call.method == SACRIFICE {
        spoil(call, &mut message);
    }
    Answer { message, status }
}

/// A mutant's tool returns the interim result as if it were what it has to say.
fn as_text(call: &Call, result: Value) -> Value {
    let asks = result["resultType"] == "input_required" && call.method == "tools/call";
    if call.rules().input_required_not_as_text || !asks {
        return result;
    }
    json!({ "content": [text(result.to_string())] })
}

/// A JSON-RPC response.
pub(crate) fn response(
    server: &Server,
    id: Option<&Value>,
    result: Result<Value, RpcError>,
) -> Value {
    let rules = &server.rules;
    let mut message = Map::new();
    message.insert("jsonrpc".into(), json!("2.0"));
    let exact = if result.is_ok() { rules.echo_id_type } else { rules.error_echoes_id };
    if let Some(id) = id {
        message.insert("id".into(), echo(id, exact));
    } else if !rules.unreadable_id_omitted {
        message.insert("id".into(), json!(0));
    }
    match result {
        Ok(result) => message.insert("result".into(), result),
        Err(error) => message.insert("error".into(), describe(server, error)),
    };
    Value::Object(message)
}

/// The bytes of a message, without a line break.
pub(crate) fn encode(server: &Server, message: &Value) -> Vec<u8> {
    in_charset(server, message.to_string())
}

/// The bytes of a message over HTTP.
pub(crate) fn encode_for_http(server: &Server, message: &Value) -> Vec<u8> {
    if server.options.pretty_json {
        return in_charset(server, format!("{message:#}"));
    }
    encode(server, message)
}

/// Adds to a result what all results have: its type, the server's identity, caching hints where they belong.
fn dress(call: &Call, result: Value) -> Value {
    let rules = call.rules();
    let Value::Object(mut result) = result else { return result };
    if rules.result_type_present || call.method != SACRIFICE {
        result.entry("resultType").or_insert_with(|| json!("complete"));
    }
    let complete = result.get("resultType").is_some_and(|kind| kind == "complete");
    if complete {
        hint(call, &mut result);
    } else if !rules.no_hints_on_interim {
        result.insert("ttlMs".into(), json!(0));
        result.insert("cacheScope".into(), json!("private"));
    }
    if let Value::Object(meta) = result.entry("_meta").or_insert_with(|| json!({})) {
        if rules.server_info_in_results || call.method == "server/discover" {
            meta.insert("io.modelcontextprotocol/serverInfo".into(), server_info(call));
        }
        if call.method == SACRIFICE {
            trace(rules, meta);
        }
        for (kept, key) in [
            (rules.meta_prefix_syntax, "/flavour"),
            (rules.meta_label_syntax, "com.1example/flavour"),
            (rules.meta_reverse_dns, "plumbline.com/flavour"),
            (rules.meta_reserved_prefix, "dev.mcp/flavour"),
            (rules.meta_name_syntax, "com.example/-flavour"),
        ] {
            if !kept {
                meta.insert(key.into(), json!("plain"));
            }
        }
        if let Some(weight) = call.server.options.burden.and_then(Burden::weight) {
            meta.insert("com.example/weight".into(), weight);
        }
        if call.server.options.texts_differ {
            meta.insert("com.example/trace".into(), json!(random_name()));
        }
        if call.server.options.extra_fields {
            meta.insert("com.example/flavour".into(), json!({ "plain": [1, 2, null] }));
            if call.server.options.features.tasks {
                meta.insert("io.modelcontextprotocol/of-some-extension".into(), json!(true));
            }
        }
    }
    if call.server.options.texts_differ && !result.contains_key("structuredContent") {
        tell_the_time(&mut result);
    }
    if call.server.options.bare {
        strip(&mut result);
    }
    if call.server.options.extra_fields {
        result.insert("somethingElse".into(), json!({ "nested": true }));
    }
    Value::Object(result)
}

/// The trace that the answer is part of.
fn trace(rules: &Rules, meta: &mut Map<String, Value>) {
    let id = if rules.traceparent_form { "0af7651916cd43dd8448eb211c80319c" } else { "0" };
    meta.insert("traceparent".into(), json!(format!("00-{id:0>32}-b7ad6b7169203331-00")));
    let state = if rules.tracestate_form { "plumb=00f067aa0ba902b7" } else { "plumb" };
    meta.insert("tracestate".into(), json!(state));
    let baggage = if rules.baggage_form { "server=plumb,kind=reference" } else { "server=a plumb" };
    meta.insert("baggage".into(), json!(baggage));
}

/// Adds to the texts of a result when it was made.
fn tell_the_time(result: &mut Map<String, Value>) {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let content = result.get_mut("content").and_then(Value::as_array_mut);
    for block in content.into_iter().flatten().filter(|block| block["type"] == "text") {
        let text = block["text"].as_str().unwrap_or_default();
        // What is JSON stays so.
        if serde_json::from_str::<Value>(text).is_err() {
            block["text"] = json!(format!("{text} (at {} ms)", since.as_millis()));
        }
    }
}

/// Leaves out what is optional in lists and in the answer to `server/discover`.
fn strip(result: &mut Map<String, Value>) {
    result.shift_remove("instructions");
    for list in ["tools", "resources", "resourceTemplates", "prompts"] {
        let items = result.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for item in items.filter_map(Value::as_object_mut) {
            for optional in ["title", "description", "icons", "mimeType", "size", "_meta"] {
                item.shift_remove(optional);
            }
            let arguments = item.get_mut("arguments").and_then(Value::as_array_mut);
            for argument in arguments.into_iter().flatten().filter_map(Value::as_object_mut) {
                argument.shift_remove("title");
                argument.shift_remove("description");
            }
        }
    }
}

/// How long and by whom a complete result may be kept (server/utilities/caching).
fn hint(call: &Call, result: &mut Map<String, Value>) {
    let rules = call.rules();
    let (hinted, scope) = match call.method.as_str() {
        "server/discover" => (rules.hints_on_discover, "public"),
        "tools/list" => (rules.hints_on_tools_list, "public"),
        "prompts/list" => (rules.hints_on_prompts_list, "public"),
        "resources/list" => (rules.hints_on_resources_list, "public"),
        "resources/templates/list" => (rules.hints_on_templates_list, "public"),
        "resources/read" => (rules.hints_on_resources_read, "private"),
        _ => return,
    };
    // What a protected server lists depends on who asks.
    let varies = call.principal.is_some() && call.method != "server/discover";
    let scope = if varies && rules.varying_lists_private { "private" } else { scope };
    if !hinted {
        return;
    }
    let sacrificed = call.method == SACRIFICE;
    let ttl = match call.method.as_str() {
        _ if sacrificed && !rules.ttl_non_negative => json!(-1),
        _ if sacrificed && !rules.ttl_integer => json!(1_500.5),
        "resources/read" => json!(0),
        _ => json!(60_000),
    };
    let scope = match () {
        () if sacrificed && !rules.cache_scope_valid => "shared",
        () if !rules.cache_scope_final => "session",
        () if call.params.contains_key("cursor") && !rules.one_scope_for_all_pages => "private",
        () => scope,
    };
    result.insert("ttlMs".into(), ttl);
    result.insert("cacheScope".into(), json!(scope));
}

/// Who this is.
fn server_info(call: &Call) -> Value {
    let mut info = json!({
        "name": "plumb-reference",
        "title": "Plumb reference server",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "A correct MCP server, to be broken one rule at a time",
        "icons": [icon()],
    });
    if !call.rules().implementation_shape
        && let Some(info) = info.as_object_mut()
    {
        info.shift_remove("version");
    }
    info
}

/// The error object.
fn describe(server: &Server, error: RpcError) -> Value {
    let rules = &server.rules;
    let mut object = Map::new();
    let code = match error.code {
        RpcError::METHOD_NOT_FOUND if !rules.error_code_integer => json!(-32601.5),
        code => json!(code),
    };
    object.insert("code".into(), code);
    if rules.error_has_message {
        let message = if server.options.other_messages {
            "no: see the manual".to_owned()
        } else {
            error.message
        };
        object.insert("message".into(), json!(message));
    }
    if let Some(data) = error.data {
        object.insert("data".into(), data);
    }
    Value::Object(object)
}

/// The id as it was sent.
fn echo(id: &Value, exact: bool) -> Value {
    match id.as_str().and_then(|id| id.parse::<i64>().ok()) {
        Some(number) if !exact => json!(number),
        _ => id.clone(),
    }
}

/// The answer that mutants of what all answers have in common break, so that the rest of a run goes on.
const SACRIFICE: &str = "resources/templates/list";

fn spoil(call: &Call, message: &mut Value) {
    let rules = call.rules();
    if !rules.jsonrpc_member {
        message["jsonrpc"] = json!("1.0");
    }
    if !rules.result_xor_error {
        message["error"] = json!({ "code": RpcError::INTERNAL, "message": "or maybe not" });
    }
    if !rules.result_types_advertised {
        message["result"]["resultType"] = json!("partial");
    }
    if let Some(message) = message.as_object_mut().filter(|_| !rules.result_member) {
        message.shift_remove("result");
    }
    if !rules.results_are_objects {
        message["result"] = json!([]);
    }
    if !rules.meta_is_an_object {
        message["result"]["_meta"] = json!([]);
    }
    if !rules.input_required_where_allowed {
        message["result"] = json!({ "resultType": "input_required", "requestState": "later" });
    }
    if !rules.stdio_one_line && call.transport == Transport::Stdio {
        message["result"]["_meta"]["com.example/layout"] = json!("pretty");
    }
}

fn in_charset(server: &Server, mut text: String) -> Vec<u8> {
    let rules = &server.rules;
    if !rules.stdio_one_line && text.contains("com.example/layout") {
        text = text.replace(",\"", ",\n\"");
    }
    if !rules.input_request_keys_unique && text.contains("\"inputRequests\"") {
        text = text.replace("\"greeting\":", "\"user_name\":");
    }
    if rules.utf8 || text.is_ascii() {
        return text.into_bytes();
    }
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
}
