"""Signals that end a command: turned into an exception, so that it cleans up, and held back where it must not stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_HELD = (signal.SIGINT, *_ENDING)


class Ended(BaseException):
    """SIGTERM or SIGHUP came. Like KeyboardInterrupt it passes every `except Exception`."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def raise_when_ended() -> None:
    """From now on the first SIGTERM or SIGHUP raises `Ended`; later ones do not disturb the clean-up.

    A signal that whoever started this wants ignored (`nohup`) stays ignored.
    """
    for number in _ENDING:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise)


def _raise(number: int, _frame: FrameType | None) -> None:
    for other in _ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise Ended(number)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """What is inside runs to its end; a signal that came meanwhile takes effect after it.

    By handlers of this process and not by a mask, which the programs that are started inside would inherit.
    """
    if threading.current_thread() is not threading.main_thread():  # signals interrupt only the main thread
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _HELD}
    held = [number for number, handler in before.items() if handler not in (None, signal.SIG_IGN)]
    for number in held:
        signal.signal(number, lambda received, _frame: came.append(received))
    try:
        yield
    finally:
        for number in held:
            signal.signal(number, before[number])
        for received in dict.fromkeys(came):
            signal.raise_signal(received)
