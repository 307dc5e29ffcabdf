"""slostack: from one SLO spec to rules, routing, dashboards and runbooks, proven in a running stack."""


def version() -> str:
    """The installed version."""
    from importlib.metadata import version as installed  # noqa: PLC0415 - half of the start-up time, rarely asked

    return installed("slostack")
