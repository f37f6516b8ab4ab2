"""A client on FastMCP that follows the steps of docs/clients.md, as its documentation shows how.

    plumb client --steps -- python client.py              over Streamable HTTP
    plumb client --steps --stdio -- python client.py      over standard streams
"""

import asyncio
import sys
import threading
import time
import webbrowser
from pathlib import Path

import httpx2
from fastmcp import Client
from fastmcp.client.auth import OAuth
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport

sys.path.append(str(Path(__file__).parent.with_name("python-steps")))
from steps import CONTEXT, Steps, filled_in



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
    return ElicitResult(action="accept", content=filled_in(params))


async def main(words):
    if words[0].startswith("http"):
        known = {name: CONTEXT[name] for name in ("client_id", "client_secret") if name in CONTEXT}
        auth = OAuth(client_metadata_url="https://conformance-test.local/client-metadata.json", **known)
        transport = StreamableHttpTransport(words[0], auth=auth)
    else:
        transport = StdioTransport(command=words[0], args=words[1:], keep_alive=False)
    async with Client(transport, elicitation_handler=elicit) as client:
        return await Steps(client).take_all()


sys.exit(asyncio.run(main(sys.argv[1:])))
