"""Both formats of apt's source lists, as machines have them."""

from __future__ import annotations

from pathlib import Path

from slostack.tools.apt_sources import DEFAULT_MIRROR, Source, debian_mirror, parse_deb822, parse_one_line, read

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def test_one_line_sources_with_options_comments_and_sources_of_source_code() -> None:
    text = """\
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # a comment
deb-src http://mirror.example/debian bookworm main
deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] http://mirror.example/debian/ sid main
deb\thttp://flat.example/ ./
deb cdrom:[Debian 12]/ bookworm main
"""
    assert parse_one_line(text)[:3] == [
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib")),
        Source("http://mirror.example/debian/", "sid", ("main",), (KEYRING,)),
        Source("http://flat.example/", "./", ()),
    ]


def test_deb822_stanzas_multiply_addresses_by_suites() -> None:
    text = """\
Types: deb deb-src
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://one.example/debian
 http://two.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://src.example/debian
Suites: trixie
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
"""
    found = parse_deb822(text)
    assert [(source.uri, source.suite) for source in found] == [
        ("http://one.example/debian", "trixie"),
        ("http://one.example/debian", "trixie-updates"),
        ("http://two.example/debian", "trixie"),
        ("http://two.example/debian", "trixie-updates"),
    ]
    assert {source.signed_by for source in found} == {(KEYRING,)}


def test_a_key_written_into_the_stanza_is_no_file() -> None:
    text = """\
Types: deb
URIs: http://one.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 /looks/like/a=
 -----END PGP PUBLIC KEY BLOCK-----
"""
    assert [source.signed_by for source in parse_deb822(text)] == [()]


def test_the_main_archive_is_told_from_security_updates_and_other_peoples_packages() -> None:
    sources = [
        Source("https://packages.example/apt", "cloud-sdk-bookworm", ("main",)),
        Source("https://deb.nodesource.example/node", "nodistro", ("main",)),
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",)),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",)),
        Source("cdrom:[Debian]/", "bookworm", ("main",)),
        Source("http://nearby.example/debian", "bookworm", ("main",), (KEYRING,)),
    ]
    assert debian_mirror(sources) == sources[-1]


def test_elsewhere_than_on_debian_its_own_address_is_used() -> None:
    assert debian_mirror([Source("http://archive.ubuntu.example/ubuntu", "noble", ("main",))]).uri == DEFAULT_MIRROR


def test_both_formats_are_read_in_apts_order(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n", encoding="utf-8")
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "b.sources").write_text(
        "Types: deb\nURIs: http://b.example/debian\nSuites: sid\nComponents: main\n", encoding="utf-8"
    )
    (folder / "c.list").write_text("deb http://c.example/debian forky main\n", encoding="utf-8")
    (folder / "d.list.save").write_text("deb http://d.example/debian forky main\n", encoding="utf-8")
    assert [source.uri[7] for source in read(tmp_path)] == ["a", "b", "c"]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert read(tmp_path / "nothing") == []
