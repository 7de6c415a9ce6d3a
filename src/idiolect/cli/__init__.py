"""The command `idiolect`: one file a group of commands. Nothing heavy is imported before a command runs.

| file | commands |
|---|---|
| `methods` | `methods list`, `methods show`, `methods new` |
| `evaluate` | `evaluate`, `report` |
| `compare` | `compare` |
| `people` | `judge`, `judge pairs`, `judge pages`, `judge read`; `simulate` |
| `benchmark` | `benchmark` |
| `demo` | `demo` |
| `world` | `world` |
| `memory` | `remember`, `recall`, `profile`, `facts`, `jobs`, `forget` |
| `keeping` | `export`, `import`, `erase`, `consents`, `doctor` |
| `backup` | `backup`, `restore` |
| `chat` | `chat` |
| `applications` | `recommend`, `search`, `rewrite` |
| `door` | `serve`, `mcp`, `users`, `users link`, `config show`; `keys create`, `keys list`, `keys revoke`, ... |
| `adapters` | `adapt`; `adapters list`, `adapters show`, `adapters export`, `adapters import`, `adapters delete` |
| `embedded` | `embedded train`, `embedded evaluate` |
| `screen` | what all of them print with |
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import idiolect
from idiolect.cli import (
    adapters,
    applications,
    backup,
    benchmark,
    chat,
    compare,
    demo,
    embedded,
    evaluate,
    keeping,
    memory,
    methods,
    world,
)
from idiolect.cli.door import config, keys, mcp, serve, users
from idiolect.cli.people import judge, simulate
from idiolect.core.errors import IdiolectError

REFUSED, INTERRUPTED = 2, 130


class Commands(TyperGroup):
    """Commands whose deliberate errors are one line on standard error and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except IdiolectError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt:
            typer.echo("stopped. What was written is kept: the same command goes on from there.", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command("demo")(demo.demo)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(evaluate.report)
app.command("compare")(compare.compare)
app.command("benchmark")(benchmark.benchmark)
app.add_typer(judge.app, name="judge")
app.command("simulate")(simulate.simulate)
app.command("world")(world.world)
app.command("chat")(chat.chat)
app.add_typer(users.app, name="users")
app.command("recommend")(applications.recommend)
app.command("search")(applications.search)
app.command("rewrite")(applications.rewrite)
app.command("remember")(memory.remember)
app.command("recall")(memory.recall)
app.command("profile")(memory.profile)
app.command("facts")(memory.facts)
app.command("jobs")(memory.jobs)
app.command("forget")(memory.forget)
app.command("export")(keeping.export)
app.command("import")(keeping.import_)
app.command("erase")(keeping.erase)
app.command("consents")(keeping.consents)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("doctor")(keeping.doctor)
app.command("serve")(serve.serve)
app.add_typer(config.app, name="config")
app.command("mcp")(mcp.mcp)
app.add_typer(keys.app, name="keys")
app.command("adapt")(adapters.adapt)
app.add_typer(adapters.app, name="adapters")
app.add_typer(methods.app, name="methods")
app.add_typer(embedded.app, name="embedded")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(idiolect.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Gives any language model one idiolect per user, and measures whether that helped."""


def main() -> None:
    """The console script."""
    app(prog_name="idiolect")
