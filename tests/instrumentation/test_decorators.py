"""One context manager for functions, coroutines and blocks."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
import weakref
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest

from instrumentation import once
from instrumentation.around import Around

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class Block:
    """A context manager that notes what it was left with."""

    def __init__(self) -> None:
        self.errors: list[type[BaseException] | None] = []

    def __enter__(self) -> Block:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self.errors.append(kind)


def passes_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """An ordinary decorator: its function returns what the other one returns."""

    @functools.wraps(function)
    def passing(*args: Any) -> Any:
        return function(*args)

    return passing


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


def test_blocks_of_one_object_are_left_from_the_inside() -> None:
    """Each with its own exception."""
    around = Around(Block)
    with around as outer:
        with pytest.raises(KeyError), around as inner:
            raise KeyError
        assert (outer.errors, inner.errors) == ([], [KeyError])
    assert outer.errors == [None]


def test_tasks_share_an_object() -> None:
    """The one that ends first, with an error, is not the one that began last; one began inside a block of it."""
    around = Around(Block)

    async def fails(other_is_in: asyncio.Event) -> None:
        with around as block:
            blocks["fails"] = block
            await other_is_in.wait()
            raise ValueError

    async def works(is_in: asyncio.Event, other_ended: asyncio.Event) -> None:
        with around as block:
            blocks["works"] = block
            is_in.set()
            await other_ended.wait()

    async def both() -> None:
        is_in, ended = asyncio.Event(), asyncio.Event()
        with around as block:
            blocks["parent"] = block
            failing = asyncio.create_task(fails(is_in))
            failing.add_done_callback(lambda _: ended.set())
            await asyncio.gather(failing, works(is_in, ended), return_exceptions=True)
            assert block.errors == []

    blocks: dict[str, Block] = {}
    asyncio.run(both())
    assert {name: block.errors for name, block in blocks.items()} == {
        "parent": [None],
        "fails": [ValueError],
        "works": [None],
    }


def test_threads_share_an_object() -> None:
    """As tasks do."""
    around = Around(Block)
    is_in, ended = threading.Event(), threading.Event()
    blocks: dict[str, Block] = {}

    def fails() -> None:
        with around as block:
            blocks["fails"] = block
            thread.start()
            assert is_in.wait(60)
            raise ValueError

    def works() -> None:
        with around as block:
            blocks["works"] = block
            is_in.set()
            assert ended.wait(60)

    thread = threading.Thread(target=works)
    with pytest.raises(ValueError, match=r"^$"):
        fails()
    ended.set()
    thread.join()
    assert (blocks["fails"].errors, blocks["works"].errors) == ([ValueError], [None])


def test_a_generator_may_be_closed_elsewhere_than_where_it_began() -> None:
    """In a pool of threads each step has its own context variables. Nothing of it is kept where it began."""
    around = Around(Block)
    blocks: list[Block] = []

    def streams() -> Iterator[int]:
        with around as block:
            blocks.append(block)
            yield 1

    generator = streams()
    assert copy_context().run(next, generator) == 1
    copy_context().run(list, generator)
    abandoned = streams()
    assert next(abandoned) == 1
    copy_context().run(abandoned.close)  # type: ignore[attr-defined]  # it is a generator
    left_elsewhere = weakref.ref(blocks[1])
    assert [block.errors for block in blocks] == [[None], [GeneratorExit]]
    blocks.clear()
    with around:
        del generator, abandoned
        gc.collect()
        assert left_elsewhere() is None


class Agent:
    """A callable object."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work

    async def __call__(self) -> None:
        """Work after a while."""
        await asyncio.sleep(0)
        self._work()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda agent: agent,
        lambda agent: passes_on(agent.__call__),
        lambda agent: functools.partial(passes_on(agent)),
    ],
    ids=["object", "behind a decorator", "partial"],
)
def test_a_coroutine_is_inside_however_it_is_made(wrap: Callable[[Agent], Callable[[], Any]]) -> None:
    """Its work counts, and its failure."""
    log = Log()

    def works() -> None:
        log.lines.append("worked")
        raise ValueError("failed")

    decorated = log.around()(wrap(Agent(works)))
    with pytest.raises(ValueError, match="failed"):
        asyncio.run(decorated())
    assert log.lines == ["in", "worked", "failed", "out"]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_what_is_never_awaited_is_left_when_it_is_thrown_away() -> None:
    """As neither success nor failure."""
    block = Block()

    async def nothing() -> None:
        """Nobody waits for it."""

    coroutine = Around(lambda: block)(passes_on(nothing))()
    assert block.errors == []
    del coroutine
    gc.collect()
    assert block.errors == [GeneratorExit]


def test_an_ordinary_function_may_run_a_coroutine_function_by_itself() -> None:
    """Then it returns a value, not a coroutine, whatever it wraps."""
    log = Log()

    async def work() -> str:
        log.lines.append("worked")
        return "done"

    @log.around()
    @functools.wraps(work)
    def runs() -> str:
        return asyncio.run(work())

    assert runs() == "done"
    assert log.lines == ["in", "worked", "out"]


def test_other_work_that_goes_on_is_returned_as_it_is_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever gets a task may want to cancel it; its work is not measured, which nobody would notice."""
    monkeypatch.setattr(once, "_SAID", set())

    async def nothing() -> None:
        pass

    def starts() -> asyncio.Task[None]:
        return asyncio.create_task(nothing())

    def counts() -> Iterator[int]:
        yield 1

    async def both() -> None:
        decorated = Log().around()(starts)
        for _ in range(2):
            task = decorated()
            assert isinstance(task, asyncio.Task)
            await task

    asyncio.run(both())
    assert list(Log().around()(passes_on(counts))()) == [1]
    names = [message.split(":")[0].rpartition(".")[2] for message in caplog.messages]
    assert names == ["starts", "counts"]
    assert "returns a Task, whose work is not measured" in caplog.messages[0]


def test_a_generator_is_refused_when_it_is_decorated() -> None:
    """Its time would be that of making it, which nobody wants to know."""

    def counts() -> Iterator[int]:
        yield 1

    async def streams() -> AsyncIterator[int]:
        yield 1

    class Counter:
        def __call__(self) -> Iterator[int]:
            yield 1

    functions: list[Callable[[], object]] = [counts, streams, Counter()]
    for function in functions:
        with pytest.raises(TypeError, match="use `with` inside it"):
            Log().around()(function)
