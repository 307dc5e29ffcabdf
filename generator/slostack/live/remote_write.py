"""Samples with time stamps of our choice into Prometheus, by its remote-write protocol, version 1.

The message is `prometheus.WriteRequest` (protobuf) in a snappy block. Three nested messages are not worth a generated
module: the few bytes of framing are written here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cramjam

from slostack.live.clients import Prometheus

_SERIES_PER_REQUEST = 50
_LENGTH_DELIMITED = 2
_VARINT = 0


@dataclass(frozen=True)
class Series:
    """A series and its samples: (seconds since the epoch, value), oldest first."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]


def push(server: Prometheus, series: Iterable[Series]) -> int:
    """Write series to a Prometheus that takes remote writes; returns the number of samples. Raises Failure."""
    count = 0
    batch: list[Series] = []
    for one in series:
        batch.append(one)
        count += len(one.samples)
        if len(batch) == _SERIES_PER_REQUEST:
            _send(server, batch)
            batch = []
    if batch:
        _send(server, batch)
    return count


def encode(series: Iterable[Series]) -> bytes:
    """The protobuf message, uncompressed."""
    return b"".join(_field(1, _series(one)) for one in series)


def _send(server: Prometheus, series: list[Series]) -> None:
    server.request(
        "POST",
        "/api/v1/write",
        data=bytes(cramjam.snappy.compress_raw(encode(series))),
        headers={
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        },
    )


def _series(one: Series) -> bytes:
    labels = sorted({"__name__": one.name, **one.labels}.items())  # the protocol wants them sorted
    out = [_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in labels]
    out += [_field(2, _sample(at, value)) for at, value in one.samples]
    return b"".join(out)


def _sample(at: float, value: float) -> bytes:
    # double value = 1 (64-bit, little endian), int64 timestamp = 2 (milliseconds)
    return b"\x09" + struct.pack("<d", value) + _tag(2, _VARINT) + _varint(round(at * 1000))


def _field(number: int, content: bytes) -> bytes:
    return _tag(number, _LENGTH_DELIMITED) + _varint(len(content)) + content


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
