"""The one error of this package."""


class ToolError(Exception):
    """A needed program is missing, cannot be fetched, or broke; the message is one sentence with a remedy.

    The command line prints the message and exits with code 3. What a tool *finds* (a broken rule, a failed test)
    is never a `ToolError`: findings are data.
    """
