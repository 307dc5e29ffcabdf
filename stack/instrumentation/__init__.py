"""Metrics and traces of an agent service as decorators and context managers: copy this folder into your service.

It needs nothing but Python. Where prometheus-client is installed, `metrics` counts and measures; where OpenTelemetry
is, `tracing` makes spans and exports them; where neither is, everything decorated runs as if it were not.
"""
