"""The log: one JSON object a line, on standard error. It names routes, statuses and times; never users, paths or words.

Errors that were not foreseen are told by their type and the places in the code: their messages may quote what was said.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOGGER = logging.getLogger("idiolect.server")
DEEPEST = 12  # places in the code, from the one that failed


class Line(logging.Formatter):
    """A record as one line. What stands in its ``said`` is added; arguments are left out, but for our own loggers'."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg).strip(),
            **getattr(record, "said", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= failure(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def failure(error: BaseException) -> dict[str, Any]:
    """What kind of error it is, and where in the code it came up, the innermost place first."""
    frames = traceback.extract_tb(error.__traceback__)[::-1][:DEEPEST]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    under = error.exceptions if isinstance(error, BaseExceptionGroup) else (error.__cause__,)
    causes = [type(one).__name__ for one in under if one is not None]
    return {"error": type(error).__name__, "at": places, **({"of": causes} if causes else {})}


def configuration() -> dict[str, Any]:
    """For `logging.config.dictConfig`: the server's loggers, each line through `Line`."""
    names = ("idiolect", "uvicorn", "uvicorn.error")
    quiet = {name: {"level": "WARNING"} for name in names[1:]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "idiolect": {"handlers": ["out"], "level": "INFO", "propagate": False},
            "uvicorn": {**quiet["uvicorn"], "handlers": ["out"], "propagate": False},
            "uvicorn.error": quiet["uvicorn.error"],
        },
    }
