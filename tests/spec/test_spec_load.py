"""Files that cannot be read, scalars of YAML 1.2, and the positions of everything."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from spec_texts import completed, found

from slostack.problems import render
from slostack.spec.load import MAX_BYTES, load, parse
from slostack.spec.tree import Mapping, build, data_of


def _one(path: Path) -> str:
    loaded = load(path)
    assert loaded.spec is None
    return render(loaded.problems).replace(str(path), "FILE").strip()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Refused, not found wrong: commands exit with 2."""
    path = tmp_path / "slo.yaml"
    assert _one(path) == "FILE:1:1: unreadable: there is no such file — write one, or name another with `--spec FILE`"
    assert load(path).refused


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder where a file is needed."""
    assert _one(tmp_path) == "FILE:1:1: unreadable: this is a folder — name the file, such as `--spec slo.yaml`"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    """The system's reason is passed on."""
    path = tmp_path / "slo.yaml"
    path.write_text("version: 1")
    path.chmod(0)
    assert "the file cannot be read: Permission denied" in _one(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    """A null byte or an endless name comes from a broken script, not from a person."""
    assert load(Path("slo\0.yaml")).refused
    assert load(Path("x" * 5000)).refused


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """Nobody wrote ten megabytes by hand."""
    path = tmp_path / "slo.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert _one(path).startswith("FILE:1:1: unreadable: the file is larger than 10 MB")


@pytest.mark.parametrize(
    ("raw", "place"),
    [(b"version: 1\nteams: \xe9\n", "2:8"), ("version: 1\nüü".encode() + b"\xff", "2:3"), (b"\xff\xfev\0", "1:1")],
    ids=["latin-1", "after umlauts", "utf-16"],
)
def test_other_encodings_are_refused_where_they_begin(tmp_path: Path, raw: bytes, place: str) -> None:
    """The place counts characters, as editors do."""
    path = tmp_path / "slo.yaml"
    path.write_bytes(raw)
    assert _one(path) == f"FILE:{place}: encoding: the file is not in UTF-8 here — save it as UTF-8"


def test_a_byte_order_mark_is_only_a_warning(tmp_path: Path) -> None:
    """Editors on Windows write it; the spec is read all the same, with true columns."""
    path = tmp_path / "slo.yaml"
    path.write_text("\ufeff" + completed("period: 28d"), encoding="utf-8")
    loaded = load(path)
    assert loaded.spec is not None
    assert [(p.code, p.severity) for p in loaded.problems] == [("byte-order-mark", "warning")]
    assert loaded.places.of(("period",)) == (1, 9)


def test_windows_line_ends_change_nothing() -> None:
    """Lines, columns and excerpts are those of the same file with Unix line ends."""
    text = completed("period: 30\nservces: {}")
    unix, windows = found(text), found(text.replace("\n", "\r\n"))
    assert unix == windows
    assert len(unix) == 2


def test_an_alias_bomb_is_defused() -> None:
    """Nine lines that would be a thousand million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert render(found("\n".join(lines))) == (
        "slo.yaml:5:45: alias: aliases add more than 100000 values here — write less by alias\n"
    )


def test_endless_brackets_do_not_end_the_program() -> None:
    """A parser that calls itself for each level would crash."""
    assert [problem.code for problem in found("a: " + "[" * 200_000)] == ["syntax"]


def test_a_control_character_has_a_place() -> None:
    """The YAML library names none."""
    assert render(found("version: 1\nperiod: 3\x010d")).startswith("slo.yaml:2:10: syntax: a control character")


def test_a_null_byte_has_a_place() -> None:
    """Neither does it for a null byte."""
    assert [(problem.line, problem.code) for problem in found("version: 1\n\x00")] == [(2, "syntax")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((word, word) for word in ("on", "off", "yes", "no", "y", "n", "1:30", "012", "0x1F", "0o17", "1_000")),
        *((word, word) for word in ("2026-11-20", "99.90", "1e3", ".5", ".inf", "0b1", "=", "9" * 5000)),
        *((word, None) for word in ("", "~", "null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False")),
        *(
            ("7", 7),
            ("-7", -7),
            ("+7", 7),
            ("0", 0),
            ("'7'", "7"),
            ('"true"', "true"),
            ("'null'", "null"),
            ("'~'", "~"),
        ),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(written: str, meant: object) -> None:
    """Only a few words are not text, and fractions stay text, so that nothing is lost."""
    root = build(f"key: {written}\n", lambda *mistake: pytest.fail(str(mistake)))
    assert isinstance(root, Mapping)
    value = data_of(root)["key"]
    assert (value, type(value)) == (meant, type(meant))


def test_an_objective_keeps_its_digits() -> None:
    """99.90 promises no more than 99.9, but is printed as it was written."""
    text = (
        "services: {a: {team: shop, slos: {b: {promise: Good, objective: 99.90, events: {bad: x, total: y}}}}}\n"
        "environments: {staging: {services.a.slos.b.objective: 99.10%}}"
    )
    for environment, objective in ((None, "99.90"), ("staging", "99.10")):
        spec = parse(completed(text), "slo.yaml", environment).spec
        assert spec is not None
        assert str(spec.services["a"].slos["b"].objective) == objective
        assert isinstance(spec.services["a"].slos["b"].objective, Decimal)


def test_places_point_at_keys_and_values() -> None:
    """What is not in the file stands where its nearest ancestor does."""
    places = parse(completed("period:   28d\ntiers:\n  own:\n    - long: 1h\n"), "slo.yaml").places
    assert places.of(("period",)) == (1, 11)
    assert places.of(("period",), key=True) == (1, 1)
    assert places.of(("tiers", "own", 0, "long")) == (4, 13)
    assert places.of(("tiers", "own", 0)) == (4, 7)
    assert places.of(("tiers", "own", 0, "short")) == (4, 7)
    assert places.of(("tiers", "own", 7, "short")) == (3, 3)
    assert places.of(("retention",)) == (1, 1)
    assert places.of(()) == (1, 1)
    assert places.known(("tiers", "own", 7, "short")) == ("tiers", "own")


@pytest.mark.parametrize(
    "written",
    ["a b ++ c", "'a b ++ c'", '"a b ++ c"', "|\n    a b\n    ++ c", ">-\n    a b\n\n    ++\n    c", "a b\n    ++ c"],
    ids=["plain", "single quotes", "double quotes", "literal", "folded", "plain over lines"],
)
def test_places_point_into_texts(written: str) -> None:
    """However a text is written, the place of `+` is found."""
    text = f"key: {written}\n"
    places = parse(text, "slo.yaml").places
    line, column = places.inside(("key",), len("a b "))
    assert text.splitlines()[line - 1][column - 1 :].startswith("++")


def test_an_aliased_value_stands_where_its_text_is() -> None:
    """A mistake is mended in the text, not where an alias repeats it."""
    text = completed(
        "services:\n"
        "  a: {team: shop, slos: {x: &slo {promise: Good, objective: 99, events: {bad: b(, total: t}}}}\n"
        "  b: {team: shop, slos: {x: *slo}}"
    )
    assert {(problem.line, problem.code) for problem in found(text)} == {(2, "promql")}
