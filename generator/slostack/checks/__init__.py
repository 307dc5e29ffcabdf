"""Checks: one per module, each told by its code, with a documentation page of that name."""
