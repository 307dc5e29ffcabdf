"""Run the LLM gateway that the workload calls: `python -m workload.provider --port 8001`.

A process of its own, so that traces cross a network.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

import hosts
from instrumentation import tracing
from workload.gateway import CHAT, Gateway

SERVICE = "llm-gateway"
VERSION = "2.1.0"
_CANNOT_LISTEN = 3
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 0, or 3 if the address cannot be listened on; bad flags exit with 2."""
    parser = argparse.ArgumentParser(
        prog="workload.provider", description="Plays the LLM gateway that the workload calls.", allow_abbrev=False
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port; 0 takes a free one (default: %(default)s)")
    hosts.add_option(parser)
    arguments = parser.parse_args(argv)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    provider = tracing.tracer_provider(SERVICE, VERSION, "local")
    try:
        gateway = Gateway(arguments.host, arguments.port, provider is not None, arguments.allow_host)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        sys.stderr.write(
            f"workload.provider: cannot listen on {arguments.host}:{arguments.port} ({reason}); "
            "stop what uses it or choose another --host or --port.\n"
        )
        return _CANNOT_LISTEN
    if provider:
        from workload.played_time import PlayedTracerProvider  # noqa: PLC0415 - as above

        tracing.use(PlayedTracerProvider(provider))
    with gateway:
        threading.Thread(target=gateway.serve_forever, name="http", daemon=True).start()
        host, port = gateway.socket.getsockname()[:2]
        sys.stderr.write(f"workload.provider: llm-gateway on http://{host}:{port}{CHAT}\n")
        sys.stderr.flush()
        signal.sigwait(_STOP_SIGNALS)
        gateway.shutdown()
    if provider:
        provider.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
