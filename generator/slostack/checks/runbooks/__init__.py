"""Checks of the runbook pages: what people wrote, held against the alerts that lead there."""
