"""Signals that end a command: the clean-up runs, and what must not stop in the middle does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from slostack import interruption
from slostack.interruption import held_back

COMMAND = """
import os, signal, sys
from slostack import cli
from slostack.commands.schema import schema
number = int(sys.argv[1])
def work():
    try:
        os.kill(os.getpid(), number)
        print("went on")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # a second one must not disturb the clean-up
        print("cleaned up")
schema.callback = work
sys.argv = ["slostack", "schema"]
cli.main()
"""


def command(number: signal.Signals, *before: str) -> subprocess.CompletedProcess[str]:
    """A command to which a signal comes while it works; `before` starts it."""
    return subprocess.run(
        [*before, sys.executable, "-c", COMMAND, str(int(number))],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(interruption.__file__).parents[1])},
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_cleans_up_and_says_so(number: signal.Signals) -> None:
    done = command(number)

    assert (done.returncode, done.stdout) == (128 + number, "cleaned up\n"), done.stderr
    assert done.stderr == f"slostack: ended by {number.name}\n"


def test_under_nohup_the_end_of_the_terminal_is_ignored() -> None:
    done = command(signal.SIGHUP, "nohup")

    assert done.stdout.startswith("went on\n"), done.stderr


def test_what_is_held_back_takes_effect_afterwards() -> None:
    done = []

    def interrupted() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            done.append("inside")
        done.append("after")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["inside"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_programs_that_are_started_while_signals_are_held_back_can_be_ended() -> None:
    with held_back():
        child = subprocess.Popen(["sleep", "60"])
    child.terminate()

    assert child.wait(60) == -signal.SIGTERM
