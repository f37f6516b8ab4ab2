"""A client on the Python SDK that follows the steps of docs/clients.md, as its documentation shows how.

    plumb client --steps -- python client.py              over Streamable HTTP
    plumb client --steps --stdio -- python client.py      over standard streams
"""

import asyncio
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata
from mcp.types import ElicitResult

sys.path.append(str(Path(__file__).parent.with_name("python-steps")))
from steps import CONTEXT, Steps, filled_in

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
    return ElicitResult(action="accept", content=filled_in(params))


class Own(Steps):
    async def list(self, what):
        """All items, page by page."""
        items, cursor = [], None
        while True:
            page = await getattr(self.client, f"list_{what}")(cursor=cursor)
            items += getattr(page, what)
            cursor = page.next_cursor
            if cursor is None:
                return items

    async def call(self, name, arguments, seconds):
        return await self.client.call_tool(name, arguments, read_timeout_seconds=seconds)

    async def listen(self, wanted):
        filters = {"tools_list_changed": "toolsListChanged", "prompts_list_changed": "promptsListChanged"}
        wanted = {name: wanted.get(member, False) for name, member in filters.items()}
        async with self.client.listen(**wanted) as events:
            async for _ in events:
                pass


async def run(server):
    async with Client(server, elicitation_callback=elicit, mode="auto") as client:
        return await Own(client).take_all()


async def main(words):
    if not words[0].startswith("http"):
        return await run(stdio_client(StdioServerParameters(command=words[0], args=words[1:])))
    async with httpx2.AsyncClient(auth=provider(words[0]), timeout=20) as http:
        return await run(streamable_http_client(words[0], http_client=http))


sys.exit(asyncio.run(main(sys.argv[1:])))
