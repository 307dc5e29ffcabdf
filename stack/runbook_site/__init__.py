"""Runbooks as web pages whose commands are already filled in; `runbook_site.page` is the part to import."""
