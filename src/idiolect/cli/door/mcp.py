"""`idiolect mcp`: one user's memory for a program that speaks the Model Context Protocol."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from idiolect.cli.memory import Home, SpaceName, opened
from idiolect.core.errors import MissingExtra


def mcp(
    user: Annotated[str, typer.Option(help="Whose memory it is; no tool can name another.", show_default=False)],
    words: Annotated[bool, typer.Option("--words", help="Recall by words alone, without opening the encoder.")] = False,
    home: Home = None,
    space: SpaceName = "default",
) -> None:
    """Serves one user's memory over standard input and output, to be started by an MCP client (docs/mcp.md)."""
    if find_spec("mcp") is None:
        raise MissingExtra("mcp", "mcp")
    from idiolect.applications.mcp.server import create

    with opened(home, space, words=words) as place:
        handle = place.user(user)
        create(handle).run("stdio")
        handle.flush()
