"""Serving: the address and the token are printed, requests are answered until the process is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from idiolect.applications.server import logs
from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import Settings
from idiolect.core.errors import BadInput

DRAIN = 30  # seconds that running answers have when the server is told to stop


def run(settings: Settings, tell: Callable[[str], object]) -> None:
    """Opens the door and stands at it.

    Args:
        tell: prints a line.

    Raises:
        BadInput: the address is taken, or reaches other machines while there are no keys.
    """
    with bound(settings) as listener:
        port = listener.getsockname()[1]
        service = Service(replace(settings, server=replace(settings.server, port=port)))
        app = create(service)
        for line in greeting(service):
            tell(line)
        config = uvicorn.Config(
            app, log_config=logs.configuration(), access_log=False, timeout_graceful_shutdown=DRAIN, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listener])


def bound(settings: Settings) -> socket.socket:
    """The socket that listens; taken before the model is opened, so that a port in use is known at once."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadInput(f"{host}:{port}", f"cannot be served ({error.strerror})", "Give another --port.") from error
    return listener


def greeting(service: Service) -> list[str]:
    """Where the door is, who answers, and how one comes in."""
    server = service.settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    address = f"http://{host}:{server.port}"
    answers = service.settings.upstream.url or service.model_name
    lines = [f"idiolect serves {answers} for space {server.space!r} at {address}/v1"]
    if not service.door.keyless:
        return [*lines, "with keys: see `idiolect keys list`"]
    if service.door.token is None:
        return [*lines, f"page:  {address}/", "no token is asked of this machine (--trust-local)"]
    return [*lines, f"page:  {address}/#token={service.door.token}", f"token: {service.door.token}"]
