"""A program that answers as `docker` does: volumes are folders, and the real archive program works on them.

Its folder, `STAND_IN`, holds `volumes/`, the services that are `down`, and what was `asked`. A file `at-WORD` there
says that a command has begun; others make it slow, which ends when there is a file `go-on`, or broken.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

SAVED = ("prometheus", "alertmanager", "grafana", "secrets", "inbox", "jaeger")
SERVICES = ("prometheus", "alertmanager", "alertmanager-2", "grafana", "inbox", "jaeger", "jaeger-health")
IMAGE = "programs"
STACK = Path(__file__).resolve().parents[2] / "stack"
BROKEN = "the engine went away"


def main(words: list[str], home: Path) -> int | str:  # noqa: PLR0912 - a branch for each command
    """What the real one would print, and its exit code or last words."""
    with (home / "asked").open("a", encoding="utf-8") as log:
        log.write(" ".join(words) + "\n")
    down = home / "down"
    stopped = down.read_text(encoding="utf-8").split() if down.exists() else []
    ended: int | str = 0
    match words:
        case ["version", *_] | ["compose", "version", *_] | ["wait" | "rm", *_]:
            pass
        case ["volume", "ls", *_]:
            say("\n".join(sorted(path.name for path in (home / "volumes").iterdir())))
        case ["image", "inspect", name]:
            ended = "no such image" if name != IMAGE or (home / "no-image").exists() else 0
        case ["inspect", "--format", _, *names]:
            for name in names:
                say(f"/{name} {_images(home)[name]}")
        case ["run", *_]:
            ended = _run(words, home)
        case ["start", *names]:
            ended = _start(names, stopped, home)
        case [*_, "config", "--format", "json"]:
            check = {"healthcheck": {"test": ["CMD", "ask", "jaeger"]}}
            services = {"init": {"image": IMAGE}} | {
                name: {"image": f"{name}:as-written"} | check for name in [*SERVICES, "never-started"]
            }
            named = {name: {"name": f"of-test_{name}"} for name in [*SAVED, "alertmanager-2"]}
            say(json.dumps({"volumes": named, "services": services}))
        case [*_, "ps", "--all", "--format", "json"]:
            for name in SERVICES:
                say(json.dumps(_container(name, stopped, home)))
        case [*_, "logs", "--no-color", "--no-log-prefix", "--tail=5", service]:
            say(f"{service} cannot read its data")
        case [*_, "exec", "-T", "jaeger-health", "ask", "jaeger"]:
            ended = 1 if (home / "silent").exists() else 0
        case ["compose", *_] if "stop" in words:
            ended = _stop(words[words.index("stop") + 1 :], home)
        case _:
            ended = "unexpected: " + " ".join(words)
    return ended


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _images(home: Path) -> dict[str, str]:
    changed = home / "images"
    return {name: f"{name}:1" for name in SERVICES} | (json.loads(changed.read_text()) if changed.exists() else {})


def _container(name: str, stopped: list[str], home: Path) -> dict[str, object]:
    crashing = home / "crashing"
    state = "exited" if name in stopped else "running"
    health = "" if name == "jaeger" or state == "exited" else "healthy"
    if state == "running" and crashing.exists() and name in crashing.read_text().split():
        health = ""  # so it looks in the moments in which it is being started once more
    return {"Service": name, "Name": name, "State": state, "Health": health, "ExitCode": 0}


def _stop(names: list[str], home: Path) -> int | str:
    if (home / "stop-fails").exists():
        (home / "down").write_text(names[0], encoding="utf-8")
        return BROKEN
    # The engine goes on when its client is gone, and takes its time.
    waits = f"until [ -e {home / 'go-on'} ]; do sleep 0.05; done; " if (home / "slow-stop").exists() else ""
    going_on = f"{waits}echo {' '.join(names)} > {home / 'down'}"
    engine = subprocess.Popen(["sh", "-c", going_on], start_new_session=True)
    (home / "at-stop").touch()
    return engine.wait()


def _start(names: list[str], stopped: list[str], home: Path) -> int | str:
    fails = home / "start-fails"
    times = int(fails.read_text()) if fails.exists() else 0
    if times > 0:
        fails.write_text(str(times - 1), encoding="utf-8")
        return BROKEN
    (home / "at-start").touch()
    while (home / "slow-start").exists() and not (home / "go-on").exists():
        time.sleep(0.05)
    (home / "down").write_text(" ".join(name for name in stopped if name not in names), encoding="utf-8")
    return 0


def _run(words: list[str], home: Path) -> int | str:
    if (home / "run-says").exists():
        return (home / "run-says").read_text(encoding="utf-8")
    (home / "at-run").touch()
    if (home / "run-hangs").exists():
        time.sleep(600)
    (volume,) = re.findall("source=([^,]+)", " ".join(words))
    sys.path.insert(0, str(STACK))
    archive = importlib.import_module("archive.__main__")
    ended: int = archive.main([words[-2], str(home / "volumes" / volume)])
    return ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(os.environ["STAND_IN"])))
