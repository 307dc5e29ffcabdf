"""Sets up .venv from a lock file: `python3 requirements/install.py run` or `dev`. Needs only Python and a network.

It costs nothing when .venv already holds what the lock file says, and never leaves half an environment behind.
Any Python from 3.7 on can start this file, far enough to say which one is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")  # tried where `python3` itself is too old
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UNFINISHED = VENV / ".unfinished"  # there while a new environment is being made
STAMP = VENV / ".installed"  # where the environment was made, and what it holds

# What pip says, and what it means for a person. The first that matches is the cause.
CAUSES = (
    (
        # Without any certificates Debian 13's pip cannot even be imported.
        r"CERTIFICATE_VERIFY_FAILED|TLS CA certificate bundle|requests/adapters\.py\"[\s\S]*FileNotFoundError",
        (
            "the package registry's certificate cannot be verified: install the package ca-certificates"
            " (`apt-get install ca-certificates`), or name your company's CA bundle in PIP_CERT"
        ),
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Connection (broken|aborted)",
        "the package registry cannot be reached: the first set-up needs a network (behind a proxy, set HTTPS_PROXY)",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "a downloaded package is not the one that the lock file names: try again, and do not install it by hand",
    ),
    (
        r"No matching distribution",
        (
            "a locked package is not to be had for Python {version} on this machine: name another Python"
            " (`make PYTHON=python3.13 …`), or check the package index that pip is configured to use"
        ),
    ),
    (r"No space left on device", "the disk is full: make room for 300 MB and run it again"),
    (r"Permission denied|Read-only file system", "{root} cannot be written to: use a clone that is yours"),
)


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOKS_EVERY = 0.2  # seconds between two looks at whether one of them came
came: list[int] = []  # which of them did


class SetUpError(Exception):
    """Why there is no environment, as one sentence with its remedy."""


class Stopped(BaseException):
    """One of STOPPING came. Raised only by `heed`, where nothing is half begun."""


def main() -> int:
    """Set up what the command line names. Returns the exit code: 0 fine, 2 wrong usage, 3 something is missing."""
    if len(sys.argv) != 2 or not lock_file(sys.argv[1]).is_file():
        return complain("usage: python3 requirements/install.py run|dev", 2)
    if sys.version_info < OLDEST:
        return with_newer_python()
    for number in STOPPING:
        if signal.getsignal(number) != signal.SIG_IGN:  # under nohup it shall go on
            signal.signal(number, note)
    try:
        with only_one():
            if not up_to_date(sys.argv[1]):
                set_up(sys.argv[1])
        heed()
    except SetUpError as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or VENV}: {error.strerror}; mend that, and run it again")
    except Stopped:
        return complain("interrupted", 128 + came[0])
    return 0


def note(number: int, _frame: FrameType | None) -> None:
    """Remember a signal, and no more.

    An exception from here could leave a step that has just been started without anyone who ends it, and a signal that
    comes right before a wait for a step would be looked at only after that wait.
    """
    came.append(number)


def heed() -> None:
    """Raise Stopped if a signal wants the set-up to end."""
    if came:
        raise Stopped


def with_newer_python() -> int:
    """Do the same with a newer Python, where this machine has one beside an old `python3`."""
    for path in filter(None, map(shutil.which, NEWER)):
        starts = subprocess.run([path, "-c", ""], check=False, stderr=subprocess.DEVNULL)  # a version manager's may not
        if starts.returncode == 0:
            return subprocess.call([path, *sys.argv])
    return complain(
        f"Python 3.11 or newer is needed and {sys.executable} is {version()}: install one (Debian 12, Ubuntu 24.04 and"
        " later: `apt-get install python3 python3-venv`), or name it: `make PYTHON=/path/to/python3.13 …`"
    )


def set_up(lock: str) -> None:
    """Make .venv, or bring an existing one up to date. Raises SetUpError; a new .venv is then gone again."""
    if VENV.exists() and not usable():
        if not (UNFINISHED.exists() or STAMP.exists()):
            raise SetUpError(f"{VENV} does not work and was not made by `make`: remove it, or mend it")
        shutil.rmtree(VENV)
    new = not VENV.exists()
    count = len(re.findall(r"^[^\s#]+==", lock_file(lock).read_text(encoding="utf-8"), re.MULTILINE))
    say(f"setting up .venv with Python {version()}: {count} packages from requirements/{lock}.lock …")
    try:
        if new:
            create()
        install(lock)
    except BaseException:
        if new:
            shutil.rmtree(VENV, ignore_errors=True)
        raise


def create() -> None:
    """A new, empty environment. Raises SetUpError where Python came without the modules for it."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian keeps these two in a package of their own
        import venv  # noqa: F401, PLC0415
    except ImportError:
        package = debian_package()
        raise SetUpError(
            f"this Python has no venv module: install the package {package} (`apt-get install {package}`)"
        ) from None
    VENV.mkdir()
    UNFINISHED.touch()
    finish([sys.executable, "-I", "-m", "venv", "--without-pip", str(VENV)])
    finish([str(VENV / "bin/python"), "-I", "-m", "ensurepip", "--default-pip"])  # by itself it says why it fails


def install(lock: str) -> None:
    """Exactly what the lock file names, then the project itself, editable. Raises SetUpError."""
    STAMP.write_text(f"{VENV}\n", encoding="utf-8")  # ours, and not up to date
    pip = [str(VENV / "bin/python"), "-I", "-m", "pip", "install", "--progress-bar", "off"]
    # Only wheels: building from source would fetch build tools that no lock file names.
    finish([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock_file(lock))])
    # Needs no network: what builds it is in the lock file.
    finish([*pip, "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    STAMP.write_text(fingerprint(lock), encoding="utf-8")
    UNFINISHED.unlink(missing_ok=True)


def finish(argv: list[str]) -> None:
    """Run a step to its end without a word.

    Raises SetUpError with the cause, or after all it said where unknown; and Stopped.
    """
    settings = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_USER": "0",  # a person's own configuration may say otherwise, which fails in an environment
    }
    heed()
    step = subprocess.Popen(
        argv,
        cwd=ROOT,
        env=os.environ | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group that can be ended as one: pip is started by others, and by pip
    )
    said = heard(step).decode(errors="replace")
    heed()  # what it said when it was ended is no cause
    if step.returncode == 0:
        return
    for pattern, cause in CAUSES:
        if re.search(pattern, said):
            raise SetUpError(cause.format(version=version(), root=ROOT))
    print(*said.splitlines()[-20:], sep="\n", file=sys.stderr)  # noqa: T201 - click is not installed yet
    raise SetUpError(f"`{' '.join(argv)}` failed; its last words stand above")


def heard(step: subprocess.Popen[bytes]) -> bytes:
    """All that a step says. When a signal comes, the step and all that it started are ended, and gone on return."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return step.communicate(timeout=LOOKS_EVERY)[0]
        if came:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.killpg(step.pid, signal.SIGKILL)


def up_to_date(lock: str) -> bool:
    """Whether .venv holds what the lock file names; what developers need includes what running needs."""
    if not STAMP.is_file() or not usable():
        return False
    return STAMP.read_text(encoding="utf-8") in {fingerprint(lock), fingerprint("dev")}


def usable() -> bool:
    """Whether .venv is whole, stands where it was made, and its Python starts and is the one that is asked for.

    An environment that `make` did not make may have any Python that is new enough.
    """
    if UNFINISHED.exists():  # an earlier run was killed
        return False
    probe = "import sys, pip; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(VENV / "bin/python"), "-I", "-c", probe], check=False, capture_output=True, text=True
        )
    except OSError:  # its Python was removed
        return False
    heed()  # Ctrl-C ends the probe too, which says nothing about the environment
    if answer.returncode != 0:
        return False
    found = tuple(map(int, answer.stdout.split()))
    if not STAMP.is_file():
        return found >= OLDEST
    return found == sys.version_info[:2] and STAMP.read_text(encoding="utf-8").startswith(f"{VENV}\n")


def fingerprint(lock: str) -> str:
    """Of what an environment is made from: its place, the locked packages and the project's metadata."""
    digest = hashlib.sha256(lock_file(lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    return f"{VENV}\n{lock} {digest.hexdigest()}\n"


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other set-up runs in this checkout; the folder itself is the lock, so none stays behind."""
    import fcntl  # noqa: PLC0415 - POSIX only, as the project is

    folder = os.open(ROOT / "requirements", os.O_RDONLY)
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            heed()
            time.sleep(LOOKS_EVERY)
        yield
    finally:
        os.close(folder)


def lock_file(name: str) -> Path:
    """`requirements/NAME.lock`."""
    return ROOT / "requirements" / f"{name}.lock"


def debian_package() -> str:
    """The Debian and Ubuntu package with the venv module of this Python."""
    own = os.path.realpath("/usr/bin/python3") == os.path.realpath(sys.executable)
    return "python3-venv" if own else "python{}.{}-venv".format(*sys.version_info[:2])


def version() -> str:
    """Of the Python that runs this, e.g. `3.11.2`."""
    return "{}.{}.{}".format(*sys.version_info[:3])


def say(text: str) -> None:
    """One line for the person who waits."""
    print(f"slostack: {text}", file=sys.stderr, flush=True)  # noqa: T201 - click is not installed yet


def complain(text: str, exit_code: int = 3) -> int:
    """Say what is wrong. Returns the exit code."""
    say(text)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
