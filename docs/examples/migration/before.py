"""A server of 2025-11-25 (mcp 1.x): notes in a session, and a tool that asks the client.

Run it by `python before.py PORT`, or without a port over standard streams.
"""

import sys

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import ToolAnnotations
from pydantic import BaseModel

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
READS = ToolAnnotations(readOnlyHint=True)
server = FastMCP("rooms", port=PORT)


class Day(BaseModel):
    day: str


@server.tool(annotations=READS)
def free(day: str) -> list[str]:
    """The rooms that are free on a day."""
    return ["blue", "green"] if day else []


@server.tool(annotations=READS)
async def suggest(ctx: Context) -> str:
    """Asks for the day, and suggests a room."""
    answer = await ctx.elicit("For which day?", schema=Day)
    if answer.action != "accept":
        return "No room was suggested."
    await ctx.info("suggested")
    return f"The blue room is free on {answer.data.day}."


server.run("streamable-http" if PORT else "stdio")
