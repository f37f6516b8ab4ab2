"""A client on the Python SDK that follows the steps of docs/clients.md, as its documentation shows how.

    plumb client --steps -- python client.py              over Streamable HTTP
    plumb client --steps --stdio -- python client.py      over standard streams
"""

import asyncio
import json
import os
import sys
from urllib.parse import parse_qs, urlparse

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata
from mcp.types import ElicitResult, PromptReference

CONTEXT = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", '{"steps": []}'))
REDIRECT = "http://localhost:3000/callback"


class Storage:
    """Keeps what was signed in with, and the client if it was registered before."""

    def __init__(self):
        self.tokens = self.client = None
        if "client_id" in CONTEXT:
            self.client = OAuthClientInformationFull(
                client_id=CONTEXT["client_id"], client_secret=CONTEXT["client_secret"], redirect_uris=[REDIRECT]
            )

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Browser:
    """Follows one redirect."""

    async def visit(self, url):
        async with httpx2.AsyncClient() as http:
            answer = await http.get(url)
        self.callback = parse_qs(urlparse(answer.headers["location"]).query)

    async def come_back(self):
        given = {name: values[0] for name, values in self.callback.items()}
        return AuthorizationCodeResult(code=given.get("code", ""), state=given.get("state"), iss=given.get("iss"))


def provider(url):
    if CONTEXT.get("name") == "auth/client-credentials-basic":
        return ClientCredentialsOAuthProvider(
            url, Storage(), client_id=CONTEXT["client_id"], client_secret=CONTEXT["client_secret"]
        )
    browser = Browser()
    metadata = OAuthClientMetadata(client_name="python-client", redirect_uris=[REDIRECT])
    return OAuthClientProvider(
        url,
        metadata,
        Storage(),
        redirect_handler=browser.visit,
        callback_handler=browser.come_back,
        client_metadata_url="https://conformance-test.local/client-metadata.json",
    )


async def elicit(_context, params):
    if getattr(params, "mode", "form") == "url":
        return ElicitResult(action="accept")
    fields = (getattr(params, "requested_schema", None) or {}).get("properties", {})
    usual = {"boolean": True, "number": 1, "integer": 1}

    def fill(schema):
        return schema.get("default", schema.get("enum", [usual.get(schema.get("type"), "x")])[0])

    return ElicitResult(action="accept", content={name: fill(schema) for name, schema in fields.items()})


async def everything(ask, member):
    """All items of a list, page by page."""
    items, cursor = [], None
    while True:
        page = await ask(cursor=cursor)
        items += getattr(page, member)
        cursor = page.next_cursor
        if cursor is None:
            return items


async def follow(client, step, state):
    match step["do"]:
        case "list":
            ask = getattr(client, f"list_{step['what']}")
            state[step["what"]] = await everything(ask, step["what"])
        case "call":
            timeout = step.get("timeoutMs")
            call = client.call_tool(
                step["name"], step["arguments"], read_timeout_seconds=timeout / 1000 if timeout else None
            )
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
        case "listen":
            wanted = step["notifications"]

            async def listen():
                async with client.listen(
                    tools_list_changed=wanted.get("toolsListChanged", False),
                    prompts_list_changed=wanted.get("promptsListChanged", False),
                ) as events:
                    async for _ in events:
                        pass

            state["listening"] = asyncio.create_task(listen())
            await asyncio.sleep(0)
        case "wait":
            await asyncio.sleep(step["ms"] / 1000)


async def run(server):
    failed, state = 0, {}
    async with Client(server, elicitation_callback=elicit, mode="auto") as client:
        for step in CONTEXT.get("steps", []):
            try:
                await follow(client, step, state)
            except Exception as error:
                print(step, repr(error), file=sys.stderr)
                failed = 1
        if "listening" in state:
            state["listening"].cancel()
    return failed


async def main(words):
    if not words[0].startswith("http"):
        return await run(stdio_client(StdioServerParameters(command=words[0], args=words[1:])))
    async with httpx2.AsyncClient(auth=provider(words[0]), timeout=20) as http:
        return await run(streamable_http_client(words[0], http_client=http))


sys.exit(asyncio.run(main(sys.argv[1:])))
