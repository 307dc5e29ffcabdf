"""Ports that nobody else gets between the moment in which they are chosen and that in which they are used."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.own_ports import share

from slostack.failure import Failure
from slostack.live import ports

# Where Linux says which ports it gives to connections, and to those who ask for any.
KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")
DEFAULT = 32_768
BY_ITSELF = ports.CHOICE  # tests get a share of their own (tests/own_ports.py)
NAMES = ["prometheus", "alertmanager", "inbox"]


def test_free_ports_are_different_and_none_that_the_kernel_gives_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "CHOICE", BY_ITSELF)
    chosen = ports.free(NAMES)
    assert list(chosen) == NAMES
    assert len(set(chosen.values())) == len(NAMES)
    assert set(chosen.values()) <= set(BY_ITSELF)
    assert max(BY_ITSELF) < DEFAULT
    lowest = int(KERNEL.read_text(encoding="utf-8").split()[0]) if KERNEL.exists() else DEFAULT
    if lowest >= DEFAULT:  # a machine may be set up to give lower ones too
        assert max(chosen.values()) < lowest


def test_two_who_choose_at_a_time_get_others() -> None:
    many = [str(number) for number in range(20)]
    assert set(ports.free(many).values()) != set(ports.free(many).values())


def test_two_test_runs_get_shares_without_a_common_port() -> None:
    with share() as one, share() as other:
        assert one is not None
        assert other is not None
        assert not set(one) & set(other)
        assert not (set(one) | set(other)) & set(BY_ITSELF)
        assert set(ports.free(NAMES).values()) <= set(ports.CHOICE)


def test_a_taken_port_is_passed_over_and_too_few_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as listeners:
        taken = []
        for _ in range(2):
            listener = listeners.enter_context(socket.create_server((ports.HOST, 0)))
            taken.append(listener.getsockname()[1])
        left = ports.free(["one"])["one"]
        monkeypatch.setattr(ports, "CHOICE", [*taken, left])
        assert ports.free(["one"]) == {"one": left}
        with pytest.raises(Failure, match=r"fewer than 2 ports from .* are free: stop what listens there") as raised:
            ports.free(["one", "other"])
    assert raised.value.exit_code == 3
