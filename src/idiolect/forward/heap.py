"""Freed memory, kept by the process: a batch asks for the same megabytes again at every layer.

The C library gives large pieces back to the system when they are freed and touches new ones page by page; in a virtual
machine that can take longer than the arithmetic. Kept, reading 32 prompts takes a fourth less of the processor's time
on the embedded model.
"""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache

TRIM, MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
LARGEST = 2**28  # bytes of one piece that is kept; the default is 128 kB, growing to 32 MB
MOST = 2**29  # bytes kept at the end of the heap
CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep() -> bool:
    """Whether this process now keeps what it frees: with glibc, unless its environment already says what to keep."""
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in CHOSEN):
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(MAP, LARGEST) and library.mallopt(TRIM, MOST))
