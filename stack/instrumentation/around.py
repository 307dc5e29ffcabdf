"""A context manager that is a decorator, too: of functions and of coroutine functions."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import TracebackType

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class Around(Generic[T]):
    """Runs code inside a context manager that is made anew for each `with` and for each call.

    >>> @trace_agent("hrm")
    ... async def answer(question: str) -> str: ...

    >>> with trace_agent("hrm") as span: ...
    """

    def __init__(self, make: Callable[[], AbstractContextManager[T]]) -> None:
        """`make` gives a fresh context manager."""
        self._make = make
        self._entered: list[AbstractContextManager[T]] = []

    def __enter__(self) -> T:
        """Enter a fresh context."""
        context = self._make()
        entered = context.__enter__()
        self._entered.append(context)
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Leave the context that was entered last."""
        return self._entered.pop().__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """`function` inside the context, for the whole time of each call.

        Raises TypeError for a generator function: its call is over before its work begins.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = getattr(function, "__qualname__", str(function))
            raise TypeError(f"{name} is a generator, whose call ends before its work; use `with` inside it instead")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._make():
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._make():
                return function(*args, **kwargs)

        return called
