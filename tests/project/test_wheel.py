"""The wheel, as users install it: everything in it that the commands need, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from slostack.plan import monitoring


def ran(*argv: str | Path, **options: object) -> str:
    """What a command printed on standard output; it must have succeeded."""
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout with the locked build tools, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    ran(*pip, "--wheel-dir", folder, root)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which only this wheel is installed."""
    folder = tmp_path_factory.mktemp("environment")
    ran(sys.executable, "-m", "venv", "--without-pip", folder)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet"]
    ran(*pip, "--no-index", "--no-deps", wheel)
    return folder / "bin"


@pytest.fixture
def outside() -> dict[str, str]:
    """An environment that lends the dependencies; an editable slostack needs a .pth file, which this leaves out."""
    return os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}


def test_the_wheel_has_every_source_file_and_no_other(wheel: Path, root: Path, tracked: list[Path]) -> None:
    sources = {"slostack": root / "generator/slostack", "slostack/_stack": root / "stack"}
    expected = {
        f"{place}/{file.relative_to(folder)}"
        for place, folder in sources.items()
        for file in tracked
        if file.is_relative_to(folder)
    } | {f"slostack/_runbooks/{name}.md" for name in monitoring.NAMES}
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert expected - inside == set()
    assert [name for name in inside - expected if "__pycache__" in name or not name.startswith("slostack/")] == []


def test_the_licence_comes_with_the_wheel(wheel: Path) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_installed_command_answers(installed: Path, outside: dict[str, str], tmp_path: Path) -> None:
    assert "generate" in ran(installed / "slostack", "--help", env=outside, cwd=tmp_path)


def test_the_installed_command_generates(installed: Path, outside: dict[str, str], tmp_path: Path, root: Path) -> None:
    (tmp_path / "slo.yaml").write_bytes((root / "slo.yaml").read_bytes())
    ran(installed / "slostack", "generate", env=outside, cwd=tmp_path)
    made = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert "alerts/alertmanager.yml" in made
    assert {Path(name).parts[0] for name in made} >= {"alerts", "dashboards", "runbooks"}
    shipped = (tmp_path / "runbooks/Watchdog.md").read_text(encoding="utf-8")
    assert "It is the heartbeat of the monitoring itself." in shipped
    ran(installed / "slostack", "generate", "--check", env=outside, cwd=tmp_path)


def test_the_installed_package_finds_the_programs_of_the_stack(
    installed: Path, outside: dict[str, str], tmp_path: Path
) -> None:
    code = "from slostack.live import programs; print(programs.folder())"
    folder = Path(ran(installed / "python", "-c", code, env=outside, cwd=tmp_path).strip())
    assert folder.is_relative_to(installed.parent)
    for program in ("inbox", "runbook_site", "workload"):
        usage = ran(
            installed / "python",
            "-m",
            program,
            "--help",
            env=outside | {"PYTHONPATH": f"{folder}{os.pathsep}{outside['PYTHONPATH']}"},
            cwd=tmp_path,
        )
        assert usage.startswith("usage:")
