"""`python -m slostack`."""

from slostack.cli import main

main()
