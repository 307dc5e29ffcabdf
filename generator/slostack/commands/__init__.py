"""One module per command, or per family of commands; `slostack.cli` imports them when they run."""
