"""The same server of 2026-07-28 (mcp 2.x): no session is needed, and the tool's question is a round of the call.

Run it by `python after.py PORT`, or without a port over standard streams.
"""

import sys
from typing import Annotated

from mcp.server.caching import CacheHint
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, MCPServer, Resolve
from mcp_types import ToolAnnotations
from pydantic import BaseModel

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
READS = ToolAnnotations(read_only_hint=True)
MINUTE = CacheHint(ttl_ms=60_000, scope="public")
server = MCPServer("rooms", version="2.0.0", cache_hints={"tools/list": MINUTE})


class Day(BaseModel):
    day: str


def which_day() -> Elicit[Day]:
    return Elicit("For which day?", Day)


@server.tool(annotations=READS)
def free(day: str) -> list[str]:
    """The rooms that are free on a day."""
    return ["blue", "green"] if day else []


@server.tool(annotations=READS)
def suggest(answer: Annotated[ElicitationResult[Day], Resolve(which_day)]) -> str:
    """Asks for the day, and suggests a room."""
    if answer.action != "accept":
        return "No room was suggested."
    return f"The blue room is free on {answer.data.day}."


if PORT:
    server.run("streamable-http", port=PORT)
else:
    server.run()
