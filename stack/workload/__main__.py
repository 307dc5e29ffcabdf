"""Run the workload: `python -m workload --port 8000`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from workload.server import WorkloadServer
from workload.simulation import Simulation

TICK = 0.1
"""Real seconds between two steps of the world; a scrape is a step of its own."""
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
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=1.0,
        metavar="N",
        help="everything happens N times faster: 60 makes a minute a second (default: 1)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the traffic's noise (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 0, or 3 if the address cannot be listened on; bad flags exit with 2."""
    arguments = _arguments(argv)
    # Blocked before any thread starts, then awaited: no handler interrupts a tick, and it works as a container's PID 1.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    simulation = Simulation(arguments.time_scale, arguments.seed)
    try:
        server = WorkloadServer(arguments.host, arguments.port, simulation)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a host name"
        sys.stderr.write(
            f"workload: cannot listen on {arguments.host}:{arguments.port} ({reason}); "
            "stop what uses it or choose another --host or --port.\n"
        )
        return _CANNOT_LISTEN
    with server:
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
        sys.stderr.write(f"workload: mcts-framework at time scale {arguments.time_scale:g} on {server.url}/metrics\n")
        sys.stderr.flush()
        while signal.sigtimedwait(_STOP_SIGNALS, TICK) is None:
            simulation.advance()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
