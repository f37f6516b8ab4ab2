"""A client on FastMCP that follows the steps of docs/clients.md, as its documentation shows how.

    plumb client --steps -- python client.py              over Streamable HTTP
    plumb client --steps --stdio -- python client.py      over standard streams
"""

import asyncio
import json
import os
import sys
import threading
import time
import webbrowser

import httpx2
from fastmcp import Client
from fastmcp.client.auth import OAuth
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from mcp.types import PromptReference

CONTEXT = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", '{"steps": []}'))


def visit(url, *_):
    """A browser: follows one redirect, to the server of the application, as soon as that listens."""

    def follow():
        location = httpx2.get(url).headers["location"]
        for _ in range(50):
            try:
                return httpx2.get(location)
            except httpx2.ConnectError:
                time.sleep(0.05)

    threading.Thread(target=follow, daemon=True).start()
    return True


webbrowser.open = visit


async def elicit(_message, _type, params, _context):
    if getattr(params, "mode", "form") == "url":
        return ElicitResult(action="accept")
    fields = (getattr(params, "requested_schema", None) or {}).get("properties", {})
    usual = {"boolean": True, "number": 1, "integer": 1}

    def fill(schema):
        return schema.get("default", schema.get("enum", [usual.get(schema.get("type"), "x")])[0])

    return ElicitResult(action="accept", content={name: fill(schema) for name, schema in fields.items()})


async def follow(client, step, state):
    match step["do"]:
        case "list":
            state[step["what"]] = await getattr(client, f"list_{step['what']}")()
        case "call":
            timeout = step.get("timeoutMs")
            call = client.call_tool(step["name"], step["arguments"], timeout=timeout / 1000 if timeout else None)
            try:
                await asyncio.wait_for(call, step["cancelAfterMs"] / 1000 if "cancelAfterMs" in step else None)
            except TimeoutError:
                if "cancelAfterMs" not in step:
                    raise
        case "call-each":
            for tool in state.get("tools", []):
                try:
                    await client.call_tool(tool.name, {})
                except Exception as error:
                    print(tool.name, error, file=sys.stderr)
        case "read":
            await client.read_resource(step["uri"])
        case "get":
            await client.get_prompt(step["name"], step["arguments"])
        case "complete":
            await client.complete(PromptReference(**step["ref"]), step["argument"])
        case "wait":
            await asyncio.sleep(step["ms"] / 1000)


async def main(words):
    if words[0].startswith("http"):
        known = {name: CONTEXT[name] for name in ("client_id", "client_secret") if name in CONTEXT}
        auth = OAuth(client_metadata_url="https://conformance-test.local/client-metadata.json", **known)
        transport = StreamableHttpTransport(words[0], auth=auth)
    else:
        transport = StdioTransport(command=words[0], args=words[1:], keep_alive=False)
    failed, state = 0, {}
    async with Client(transport, elicitation_handler=elicit) as client:
        for step in CONTEXT.get("steps", []):
            try:
                await follow(client, step, state)
            except Exception as error:
                print(step, repr(error), file=sys.stderr)
                failed = 1
    return failed


sys.exit(asyncio.run(main(sys.argv[1:])))
