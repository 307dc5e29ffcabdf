"""Standard output and error of a command whose reader may leave before the end, such as `slostack explain … | head`."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Pipe(io.FileIO):
    """A file descriptor for which nobody being left to read is no error: what is written from then on is dropped.

    The command goes on to its natural end. So findings that nobody reads are findings all the same, and what it has
    started is not left half done.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        """As a file does; of what nobody takes any more, all."""
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def outlive_readers() -> None:
    """From now on a closed pipe behind standard output or error ends nothing, and is not told."""
    sys.stdout, sys.stderr = _outliving(sys.stdout), _outliving(sys.stderr)


def _outliving(stream: TextIO) -> TextIO:
    """The stream as it was, but for what a closed pipe does. One that is no file, or closed, stays as it is."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
