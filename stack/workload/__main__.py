"""Run the workload: `python -m workload --port 8000`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING

import hosts
from workload.server import WorkloadServer
from workload.simulation import TICK, Simulation

if TYPE_CHECKING:
    from workload.traces import Traces

SERVICE = "mcts-framework"
VERSION = "1.4.0"
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CANNOT_LISTEN = 3


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError(text)
    return port


def _time_scale(text: str) -> float:
    scale = float(text)
    if not 1 <= scale <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 3600")
    return scale


def _base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+/?", text):
        raise argparse.ArgumentTypeError(f"{text} is no base URL such as http://127.0.0.1:8001")
    return text


_port.__name__ = "port (0 to 65535)"  # argparse puts it into its sentence
_time_scale.__name__ = "time scale (1 to 3600)"


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="workload",
        description="Plays the service mcts-framework: metrics to scrape, faults on demand.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port; 0 takes a free one (default: %(default)s)")
    hosts.add_option(parser)
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=1.0,
        metavar="N",
        help="everything happens N times faster: 60 makes a minute a second (default: 1)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the traffic's noise (default: %(default)s)")
    parser.add_argument(
        "--llm-gateway",
        type=_base_url,
        metavar="URL",
        default=os.environ.get("LLM_GATEWAY_URL") or None,
        help="base URL of workload.provider, which traced requests call (default: $LLM_GATEWAY_URL, else none)",
    )
    return parser.parse_args(argv)


def _traces(gateway: str | None, seed: int) -> Traces | None:
    """Traces, where the environment names a collector and OpenTelemetry and HTTPX are installed."""
    named = any(os.environ.get(f"OTEL_EXPORTER_OTLP_{which}ENDPOINT") for which in ("", "TRACES_"))
    if not named or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    try:
        from instrumentation import tracing  # noqa: PLC0415 - these packages are optional, and slow to load
        from workload.traces import Traces  # noqa: PLC0415
    except ImportError as error:
        sys.stderr.write(f"workload: no traces, because {error.name} is missing; install slostack[traces].\n")
        return None
    exporter = tracing.otlp_exporter()
    if exporter is None:
        sys.stderr.write("workload: no traces, because there is no exporter for them; install slostack[traces].\n")
        return None
    return Traces(SERVICE, VERSION, "local", gateway, seed, exporter)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 0, or 3 if the address cannot be listened on; bad flags exit with 2."""
    arguments = _arguments(argv)
    # Blocked before any thread starts, then awaited: no handler interrupts a tick, and it works as a container's PID 1.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    simulation = Simulation(arguments.time_scale, arguments.seed)
    try:
        server = WorkloadServer(arguments.host, arguments.port, simulation, arguments.allow_host)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a host name"
        sys.stderr.write(
            f"workload: cannot listen on {arguments.host}:{arguments.port} ({reason}); "
            "stop what uses it or choose another --host or --port.\n"
        )
        return _CANNOT_LISTEN
    traces = _traces(arguments.llm_gateway, arguments.seed)
    if traces:
        simulation.on_events = traces.offer
    with server:
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
        sys.stderr.write(f"workload: {SERVICE} at time scale {arguments.time_scale:g} on {server.url}/metrics\n")
        sys.stderr.flush()
        while not _stopped_within(TICK):
            simulation.advance()
            if traces:
                simulation.exemplify(traces.exported())
        server.shutdown()
    if traces:
        traces.close()
    return 0


def _stopped_within(seconds: float) -> bool:
    """Wait that long for a signal to stop. A process that was paused meanwhile gets an answer without a signal."""
    received = signal.sigtimedwait(_STOP_SIGNALS, seconds)
    return received is not None and received.si_signo in _STOP_SIGNALS


if __name__ == "__main__":
    sys.exit(main())
