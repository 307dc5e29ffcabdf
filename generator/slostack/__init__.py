"""slostack: from one SLO spec to rules, routing, dashboards and runbooks, proven in a running stack."""

from importlib.metadata import version

__version__ = version("slostack")
