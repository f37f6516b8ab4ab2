"""A resource server on FastMCP: its JWT verifier trusts the issuer that it is told.

python fastmcp_protected.py --port PORT --issuer URL --jwks URL --audience URI --scopes "a b"
"""
import argparse

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token

args = argparse.ArgumentParser()
for name in ("port", "issuer", "jwks", "audience", "scopes"):
    args.add_argument(f"--{name}", required=True)
args = args.parse_args()

verifier = JWTVerifier(
    jwks_uri=args.jwks,
    issuer=args.issuer,
    audience=args.audience,
    algorithm="RS256",
    required_scopes=args.scopes.split()[:1],
)
auth = RemoteAuthProvider(
    token_verifier=verifier,
    authorization_servers=[args.issuer],
    base_url=f"http://127.0.0.1:{args.port}",
)
mcp = FastMCP("protected", auth=auth)


@mcp.tool(annotations={"readOnlyHint": True})
def whoami() -> str:
    """Says who asks."""
    token = get_access_token()
    return str(token.claims.get("sub") if token else None)


@mcp.tool(annotations={"readOnlyHint": True})
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@mcp.resource("demo://note")
def note() -> str:
    """A note."""
    return "A note."


@mcp.prompt
def greeting(name: str) -> str:
    """Greets."""
    return f"Say hello to {name}."


mcp.run(transport="http", host="127.0.0.1", port=int(args.port), stateless_http=True, show_banner=False)
