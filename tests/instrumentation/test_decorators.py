"""One context manager for functions, coroutines and blocks."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from instrumentation.around import Around

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Log:
    """Notes what is entered and left, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def around(self) -> Around[str]:
        """A context manager that notes itself."""

        @contextmanager
        def noted() -> Iterator[str]:
            self.lines.append("in")
            try:
                yield "entered"
            except ValueError as error:
                self.lines.append(str(error))
                raise
            finally:
                self.lines.append("out")

        return Around(noted)


def test_a_function_keeps_its_name_its_result_and_its_exception() -> None:
    """Whoever reads a traceback finds the function that they wrote."""
    log = Log()

    @log.around()
    def half(number: int) -> int:
        """Half of it."""
        if number % 2:
            raise ValueError("odd")
        return number // 2

    assert (half.__name__, half.__doc__, half(4)) == ("half", "Half of it.", 2)
    with pytest.raises(ValueError, match="odd"):
        half(3)
    assert log.lines == ["in", "out", "in", "odd", "out"]


def test_a_coroutine_is_inside_until_it_is_done() -> None:
    """And two that run at the same time are each inside on their own."""
    log = Log()

    @log.around()
    async def waits() -> None:
        await asyncio.sleep(0)
        log.lines.append("worked")

    async def both() -> None:
        await asyncio.gather(waits(), waits())

    asyncio.run(both())
    assert log.lines == ["in", "in", "worked", "out", "worked", "out"]


def test_a_block_gets_what_the_context_gives() -> None:
    """Also when blocks are nested."""
    log = Log()
    around = log.around()
    with around as outer, around as inner:
        assert (outer, inner) == ("entered", "entered")
    assert log.lines == ["in", "in", "out", "out"]


def test_a_generator_is_refused_when_it_is_decorated() -> None:
    """Its time would be that of making it, which nobody wants to know."""

    def counts() -> Iterator[int]:
        yield 1

    async def streams() -> AsyncIterator[int]:
        yield 1

    for function in (counts, streams):
        with pytest.raises(TypeError, match="use `with` inside it"):
            Log().around()(function)
