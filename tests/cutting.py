"""A connection to PostgreSQL that ends when it is told to."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest


class Cut:
    """Ends the connection just before its k-th statement."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, k: int) -> None:
        self.k, self.seen = k, 0
        for name in ("execute", "executemany"):
            monkeypatch.setattr(psycopg.Cursor, name, self._counted(getattr(psycopg.Cursor, name)))

    def _counted(self, real: Any) -> Any:
        def run(cursor: Any, *given: Any, **more: Any) -> Any:
            self.seen += 1
            if self.seen == self.k:
                cursor.connection.pgconn.finish()
            return real(cursor, *given, **more)

        return run
