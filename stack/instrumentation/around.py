"""A context manager that is a decorator, too: of functions and of coroutine functions."""

from __future__ import annotations

import functools
import inspect
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from instrumentation.once import warn_once

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_ENTERED: ContextVar[tuple[tuple[Around[Any], AbstractContextManager[Any]], ...]] = ContextVar("entered", default=())
"""The blocks that this task or thread is in, the innermost last."""


class Around(Generic[T]):
    """Runs code inside a context manager that is made anew for each `with` and for each call.

    One object may be kept and used everywhere, by many tasks and threads at the same time.

    >>> @trace_agent("hrm")
    ... async def answer(question: str) -> str: ...

    >>> with trace_agent("hrm") as span: ...
    """

    def __init__(
        self,
        make: Callable[[], AbstractContextManager[T]],
        inside: Callable[[T], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`make` gives a fresh context manager; `inside` what else code has to be in that runs apart from it."""
        self._make = make
        self._inside = inside
        self._entered: list[AbstractContextManager[T]] = []

    def __enter__(self) -> T:
        """Enter a fresh context."""
        context = self._make()
        entered = context.__enter__()
        self._entered.append(context)
        _ENTERED.set((*_not_left(), (self, context)))
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Leave the context that this task or thread entered last."""
        here = [context for around, context in _not_left() if around is self]
        # A generator may be closed elsewhere than where it began; then the best guess is what anyone entered last.
        context = here[-1] if here else self._entered[-1]
        self._entered.remove(context)
        _ENTERED.set(_not_left())
        return context.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """`function` inside the context, for the whole time of each call.

        A coroutine that an ordinary function returns is awaited inside, too. Raises TypeError for a generator function:
        its call is over before its work begins.
        """
        name = getattr(function, "__qualname__", type(function).__qualname__)
        kinds = (function, type(function).__call__)  # what is called may be an object with a method for it
        if any(inspect.isgeneratorfunction(kind) or inspect.isasyncgenfunction(kind) for kind in kinds):
            raise TypeError(f"{name} is a generator, whose call ends before its work; use `with` inside it instead")
        if any(inspect.iscoroutinefunction(kind) for kind in kinds):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._make():
                    return await cast("Coroutine[Any, Any, Any]", function(*args, **kwargs))

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with ExitStack() as stack:
                entered = stack.enter_context(_apart(self._make()))
                with self._inside(entered):
                    result = function(*args, **kwargs)
                if inspect.iscoroutine(result):
                    return cast("R", self._awaited(stack.pop_all(), entered, result))
                # Returned as it is: whoever gets a task may want to cancel it, too.
                if inspect.isawaitable(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
                    warn_once(name, f"returns a {type(result).__name__}, whose work is not measured; use `with` there")
                return result

        return called

    async def _awaited(self, stack: ExitStack, entered: T, coroutine: Coroutine[Any, Any, R]) -> R:
        with stack, self._inside(entered):
            return await coroutine


def _not_left() -> tuple[tuple[Around[Any], AbstractContextManager[Any]], ...]:
    return tuple((around, context) for around, context in _ENTERED.get() if context in around._entered)


@contextmanager
def _apart(context: AbstractContextManager[T]) -> Iterator[T]:
    """`context` in context variables of its own: it can be left by another task than the one that entered it."""
    variables = copy_context()
    entered = variables.run(context.__enter__)
    try:
        yield entered
    except BaseException as error:
        if not variables.run(context.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        variables.run(context.__exit__, None, None, None)
