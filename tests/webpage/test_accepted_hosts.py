"""Which `Host` headers are meant for a program."""

from __future__ import annotations

import pytest

from hosts import AcceptedHosts


@pytest.mark.parametrize(
    ("listening", "host", "accepted"),
    [
        ("127.0.0.1", "127.0.0.1:9099", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST:9099", True),
        ("127.0.0.1", "127.8.8.8", True),
        ("127.0.0.1", "[::1]:9099", True),
        ("127.0.0.1", "Inbox:9099", True),  # the configured name
        ("127.0.0.1", None, True),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "evil.example:9099", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "evil@localhost", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "192.0.2.7", False),
        ("192.0.2.7", "192.0.2.7:9099", True),
        ("0.0.0.0", "192.0.2.7:9099", True),
        ("::", "[2001:db8::7]", True),
        ("0.0.0.0", "evil.example", False),
        ("here.example", "here.example:80", True),
    ],
)
def test_only_own_names_and_addresses_are_accepted(listening: str, host: str | None, accepted: bool) -> None:
    assert AcceptedHosts(listening, ["inbox"]).accept(host) is accepted


@pytest.mark.parametrize(
    ("url", "host", "accepted"),
    [
        ("https://inbox.example.org/", "inbox.example.org", True),
        ("https://Inbox.example.org:8443/slostack", "inbox.example.org:8443", True),
        ("http://127.0.0.1:9099", "inbox.example.org", False),
        ("https://inbox.example.org", "example.org", False),
        ("https://", "", False),
    ],
)
def test_the_host_of_an_address_is_a_name_of_ones_own(url: str, host: str, accepted: bool) -> None:
    assert AcceptedHosts("127.0.0.1", [url]).accept(host) is accepted
