"""`idiolect serve`: the OpenAI-compatible door, with its page."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.cli.memory import Home
from idiolect.core.errors import MissingExtra


def serve(
    host: Annotated[str | None, typer.Option(help="Address; other machines only with keys.")] = None,
    port: Annotated[int | None, typer.Option(help="Default 8321.")] = None,
    home: Home = None,
    space: Annotated[str | None, typer.Option(help="The application whose users it answers.")] = None,
    *,
    model: Annotated[Path | None, typer.Option(help="A local Hugging Face folder.")] = None,
    upstream: Annotated[str | None, typer.Option(help="An OpenAI-compatible server, up to /v1.")] = None,
    pipeline: Annotated[str | None, typer.Option(help="Methods joined by bars, such as 'ipa' or 'ipa|cos'.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file, see docs/service.md.")] = None,
    trust_local: Annotated[bool, typer.Option(help="Without keys: ask for no token.")] = False,
) -> None:
    """Answers each user in his own terms: the embedded model, a local one, or a server behind this one."""
    needed()
    from idiolect.applications.server.run import run
    from idiolect.applications.server.settings import load
    from idiolect.data.sqlite import folder

    folder.here(home)
    given: dict[str, Any] = {
        "server": _said(host=host, port=port, space=space),
        "upstream": _said(url=upstream),
        "pipeline": _said(methods=pipeline),
    }
    run(load(config, home=home, model=model, trust_local=trust_local, **given), typer.echo)


def needed() -> None:
    """Raises:
    MissingExtra: the service is not installed.
    """
    for package in ("fastapi", "uvicorn", "apsw", "cryptography"):
        if find_spec(package) is None:
            raise MissingExtra(package, "serve")


def _said(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
