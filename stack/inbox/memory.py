"""Keeps the process within the little memory that its container has."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # from <malloc.h>
_LARGE = 128 * 1024


def share_one_heap() -> None:
    """Let all threads allocate from one heap, and give back large blocks at once.

    glibc gives each of several threads a heap of its own, which keeps what its largest request once needed: with a
    thread per connection that is a multiple of what is in use. Elsewhere this does nothing. To be called before any
    thread starts.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
