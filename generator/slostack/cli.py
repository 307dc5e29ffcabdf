"""The command line: parse, call, print. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

# Each command's module below slostack.commands, its function and its line in `slostack --help`: help must answer at
# once, so nothing of a command is imported until it runs.
COMMANDS: dict[str, tuple[str, str]] = {
    "generate": ("generate", "Write rules, routing, dashboards and runbook facts from the spec."),
    "check": ("check", "Find every mistake in the spec and in what is generated from it."),
    "explain": ("explain", "Show an SLO's budget, tiers, detection times and defaults."),
    "schema": ("schema", "Print a JSON Schema of the spec for editors."),
    "up": ("stack", "Start the stack with everything loaded."),
    "down": ("stack", "Stop the stack; nothing stays behind."),
    "status": ("stack", "Say what of the stack runs, and where."),
    "backup": ("backup", "Save the data of the containers' stack."),
    "restore": ("backup", "Put saved data back."),
    "demo": ("demo", "Drive an incident from fault to delivered notification, in a time-lapse."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"slostack.commands.{COMMANDS[cmd_name][0]}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table says so
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only to explain a mistake

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`slostack --help` lists them"
            ctx.fail(f"there is no command `{args[0]}` — {hint}")
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked:
        from slostack import version  # noqa: PLC0415 - reading package metadata takes time

        click.echo(f"slostack {version()}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 fine, 1 findings, 2 wrong usage or unreadable input, 3 a needed tool or server is missing.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def slostack() -> None:
    """From one SLO spec to rules, routing, dashboards and runbooks, and the stack that runs them.

    \b
    Examples:
      slostack generate --diff          write everything, and show what changed
      slostack check --strict           what CI runs before a merge
      slostack up --engine local        Prometheus and Alertmanager as plain processes
    """


def main() -> None:
    """The entry point: every expected failure is one sentence on standard error and an exit code."""
    from slostack.failure import MISSING, USAGE, Failure  # noqa: PLC0415 - a small module, but help needs none of it
    from slostack.interruption import Ended, raise_when_ended  # noqa: PLC0415 - as above
    from slostack.streams import outlive_readers  # noqa: PLC0415 - as above

    run: Callable[..., Any] = slostack.main
    raise_when_ended()
    outlive_readers()
    try:
        run(prog_name="slostack", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except Failure as failure:
        click.echo(f"slostack: {failure}", err=True)
        sys.exit(failure.exit_code)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(USAGE)
    except click.ClickException as error:
        click.echo(f"slostack: {error.format_message()}", err=True)
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("slostack: interrupted", err=True)
        sys.exit(130)
    except Ended as ended:
        click.echo(f"slostack: ended by {ended}", err=True)
        sys.exit(ended.exit_code)
    except OSError as error:
        # Files are opened by name; what has none is standard output, on a full disk for example.
        where = error.filename or "the output"
        click.echo(f"slostack: cannot use {where}: {error.strerror} — make room or choose another place", err=True)
        _drop_output()
        sys.exit(MISSING)


def _drop_output() -> None:
    """Forget what standard output does not take, or Python's own end would complain about it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
