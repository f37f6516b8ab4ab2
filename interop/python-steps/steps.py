"""The steps of docs/clients.md, taken by the methods that clients in Python have in common."""

import asyncio
import json
import os
import sys

from mcp.types import PromptReference

CONTEXT = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", '{"steps": []}'))


def filled_in(params):
    """What a user enters into a form: its defaults, and otherwise the first thing that fits."""
    fields = (getattr(params, "requested_schema", None) or {}).get("properties", {})
    return {name: fill(schema) for name, schema in fields.items()}


def fill(schema):
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return choices[0]["const"]
    if schema.get("type") == "array":
        return [fill(schema["items"])]
    return {"boolean": True, "number": 1, "integer": 1}.get(schema.get("type"), "x")


class Steps:
    """Takes steps. What clients do differently is `list`, `call` and `listen`."""

    def __init__(self, client):
        self.client, self.tools, self.listening = client, [], []

    async def list(self, what):
        return await getattr(self.client, f"list_{what}")()

    async def call(self, name, arguments, seconds):
        return await self.client.call_tool(name, arguments, timeout=seconds)

    async def listen(self, wanted):
        """Listens until it is cancelled, if the client can."""

    async def take(self, step):
        match step["do"]:
            case "list":
                items = await self.list(step["what"])
                if step["what"] == "tools":
                    self.tools = items
            case "call":
                call = self.call(step["name"], step["arguments"], seconds(step, "timeoutMs"))
                try:
                    await asyncio.wait_for(call, seconds(step, "cancelAfterMs"))
                except TimeoutError:
                    if "cancelAfterMs" not in step:
                        raise
            case "call-each":
                for tool in self.tools:
                    try:
                        await self.call(tool.name, {}, None)
                    except Exception as error:
                        print(tool.name, error, file=sys.stderr)
            case "read":
                await self.client.read_resource(step["uri"])
            case "get":
                await self.client.get_prompt(step["name"], step["arguments"])
            case "complete":
                await self.client.complete(PromptReference(**step["ref"]), step["argument"])
            case "listen":
                self.listening.append(asyncio.create_task(self.listen(step["notifications"])))
                await asyncio.sleep(0)
            case "wait":
                await asyncio.sleep(step["ms"] / 1000)

    async def take_all(self):
        """Takes all steps, and says 1 if one failed."""
        failed = 0
        for step in CONTEXT.get("steps", []):
            try:
                await self.take(step)
            except Exception as error:
                print(step, repr(error), file=sys.stderr)
                failed = 1
        for task in self.listening:
            task.cancel()
        return failed


def seconds(step, name):
    return step[name] / 1000 if name in step else None
