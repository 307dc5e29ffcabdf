"""`runbook_site.page`: what a checker reads from a page, and how it is filled."""

from __future__ import annotations

import re

import pytest

from runbook_site.page import Facts, Fence, Link, Page, Placeholder, first_sentence, parse, render_html, safe_in_code

TEXT = """# High error rate of {{service}}

<!-- slostack:draft -->
<!-- slostack:facts begin
generated -->
| Fact | Value |
|---|---|
| Board | [here]({{grafana}}/d/x?var={{service}}) |
<!-- slostack:facts end -->

## What this means

Users *get errors*. And more.

### Deeper

Text with `{{slo}}`
and a [guide](guides/x.md#what-now).

## Mitigate now

1. Roll back:

   ```sh danger
   kubectl rollout undo deployment/{{service}}
   ```

```promql
up{service="{{service}}"}
```

## What this means
"""


@pytest.fixture
def page() -> Page:
    return parse(TEXT)


def test_sections_keep_order_level_line_and_anchors_as_on_github(page: Page) -> None:
    assert page.title == "High error rate of {{service}}"
    found = [(part.heading, part.level, part.slug, part.line) for part in page.sections]
    assert found == [
        ("What this means", 2, "what-this-means", 11),
        ("Deeper", 3, "deeper", 15),
        ("Mitigate now", 2, "mitigate-now", 20),
        ("What this means", 2, "what-this-means-1", 32),
    ]
    meaning = page.section("what THIS means")
    assert meaning is not None
    assert meaning.body.startswith("Users *get errors*.")
    assert meaning.body.endswith("[guide](guides/x.md#what-now).")
    assert page.sections[-1].body == ""


def test_fences_say_kind_danger_line_and_section(page: Page) -> None:
    assert page.fences == (
        Fence("sh", True, "kubectl rollout undo deployment/{{service}}\n", 24, "Mitigate now"),
        Fence("promql", False, 'up{service="{{service}}"}\n', 28, "Mitigate now"),
    )


def test_links_and_placeholders_have_the_line_they_stand_in(page: Page) -> None:
    assert page.links == (
        Link("{{grafana}}/d/x?var={{service}}", "here", 8),
        Link("guides/x.md#what-now", "guide", 18),
    )
    assert page.placeholders == (
        Placeholder("service", 1),
        Placeholder("grafana", 8),
        Placeholder("service", 8),
        Placeholder("slo", 17),
        Placeholder("service", 25),
        Placeholder("service", 29),
    )


def test_the_generated_block_and_the_draft_mark_are_found(page: Page) -> None:
    assert page.draft
    assert page.facts is not None
    assert (page.facts.begin, page.facts.end) == (4, 9)
    assert page.facts.text.splitlines()[0] == "| Fact | Value |"
    assert parse("<!-- slostack:facts begin -->\nx").facts is None
    assert parse("<!-- slostack:facts begin -->\nx\n<!-- slostack:facts end -->").facts == Facts(1, 3, "x")


def test_a_draft_mark_inside_a_code_block_is_only_an_example() -> None:
    assert not parse("```text\n<!-- slostack:draft -->\n```\n").draft


@pytest.mark.parametrize("text", ["", "\n", "no heading", "<!--", "```", "# ", "|", "\0", "[x](", "# a\r\n## b\r\n"])
def test_a_poor_page_is_still_a_page(text: str) -> None:
    made = parse(text)
    assert isinstance(render_html(made, {}).body, str)
    assert first_sentence(text) in text.replace("\0", "�")


def test_values_fill_text_code_and_links(page: Page) -> None:
    made = render_html(page, {"service": "shop", "slo": "requests"}, {"grafana": "http://g/"})
    assert made.title == "High error rate of shop"
    assert "deployment/shop" in made.body
    assert "up{service=&#34;shop&#34;}" in made.body
    assert 'href="http://g/d/x?var=shop"' in made.body
    assert "<mark>" not in made.body
    assert made.unfilled == made.refused == made.unset == ()
    assert "slostack:" not in made.body
    assert "generated" not in made.body


def test_what_has_no_value_stays_visible_and_marked(page: Page) -> None:
    made = render_html(page, {})
    assert made.unfilled == ("service", "slo")
    assert made.unset == ("grafana",)
    assert "deployment/<mark>{{service}}</mark>" in made.body
    assert "<a href" not in made.body.split("What this means")[0]


@pytest.mark.parametrize(
    "value",
    [
        "a b",
        "a;id",
        "$(id)",
        "`id`",
        'a"b',
        "a'b",
        "a\nb",
        "a\n",
        "a|b",
        "a&b",
        "a>b",
        "{x}",
        "é",
        "-rf",
        "--x",
        "*",
        "~",
        "",
    ],
)
def test_a_value_that_a_shell_reads_as_more_than_a_word_stays_out_of_code(page: Page, value: str) -> None:
    assert not safe_in_code(value)
    made = render_html(page, {"service": value, "slo": value})
    assert "deployment/<mark>{{service}}</mark>" in made.body
    assert "<code><mark>{{slo}}</mark></code>" in made.body
    assert made.refused == (("slo", "service") if value else ())


@pytest.mark.parametrize("value", ["mcts-framework", "http://127.0.0.1:9090/x", "a_b.c@d%2F+e,f=g", "-5", "1763630000"])
def test_plain_words_are_filled_into_code(page: Page, value: str) -> None:
    assert f"deployment/{value}</code>" in render_html(page, {"service": value}).body


def test_settings_are_safe_in_code_or_stay_out_too() -> None:
    made = render_html(parse("```sh\ncurl {{prometheus}}\n```"), {}, {"prometheus": "http://p/?a&b"})
    assert made.refused == ("prometheus",)


def test_no_address_can_replace_a_setting_or_begin_a_link() -> None:
    page = parse("[x]({{grafana}}/d) `{{prometheus}}`")
    made = render_html(page, {"grafana": "http://evil", "prometheus": "http://evil"}, {"prometheus": "http://p"})
    assert "evil" not in made.body
    assert made.unset == ("grafana",)


def test_values_are_text_and_neither_html_nor_markdown_nor_placeholders() -> None:
    value = "<b>**x** [y](http://z) {{other}} &amp;"
    made = render_html(parse("Say {{a}}."), {"a": value, "other": "no"})
    assert made.body == "<p>Say &lt;b&gt;**x** [y](http://z) {{other}} &amp;amp;.</p>\n"


def test_html_is_text_and_scripts_are_not_links() -> None:
    text = "<script>alert(1)</script>\n\n<b onclick=x>y</b> [a](javascript:alert(1)) [b](data:text/html,x) ![c](http://d/e.png)"
    body = render_html(parse(text), {}).body
    assert not re.search(r"<(script|b|a|img)\b", body)


def test_a_value_cannot_leave_its_place_in_a_link() -> None:
    body = render_html(parse("[a](http://h/p?q={{v}}) [b](guides/{{v}}.md)"), {"v": '"&x=1#../../..'}).body
    assert "http://h/p?q=%22%26x%3D1%23..%2F..%2F.." in body
    assert body.count("<a ") == 1


@pytest.mark.parametrize(
    ("path", "target", "served"),
    [
        ("A.md", "guides/x.md#stage-2", "/guides/x?service=shop#stage-2"),
        ("A.md", "./B.md", "/B?service=shop"),
        ("guides/x.md", "../A.md?v=1#y", "/A?v=1&amp;service=shop#y"),
        ("guides/x.md", "y.md", "/guides/y?service=shop"),
        ("A.md", "#below", "#below"),
        ("A.md", "../slo.yaml", None),
        ("A.md", "../docs/x.md", None),
        ("A.md", "a/b/c.md", None),
        ("A.md", "/etc/passwd.md", None),
        ("A.md", "//evil/x.md", None),
    ],
)
def test_internal_links_work_as_served_and_carry_the_values(path: str, target: str, served: str | None) -> None:
    body = render_html(parse(f"[x]({target})"), {"service": "shop"}, path=path).body
    assert re.findall(r'href="([^"]*)"', body) == ([served] if served else [])


def test_anchors_match_the_links_that_github_makes() -> None:
    body = render_html(parse("# T\n## Stage 2: drain & wait\n## `a_b` — ü?\n## T\n"), {}).body
    assert re.findall(r'id="([^"]*)"', body) == ["stage-2-drain--wait", "a_b--ü", "t-1"]


def test_the_generated_block_folds_when_there_is_something_in_it(page: Page) -> None:
    body = render_html(page, {}).body
    assert body.count('<details class="facts">') == body.count("</details>") == 1
    assert body.index("<details") < body.index("<td>Board") < body.index("</details>") < body.index("What this means")
    empty = parse("<!-- slostack:facts begin -->\n<!-- slostack:facts end -->\n")
    assert render_html(empty, {}).body == ""


def test_a_dangerous_block_says_so_in_words(page: Page) -> None:
    body = render_html(page, {}).body
    assert body.count("changes something") == 1


def test_a_filled_query_can_be_run_with_a_tap(page: Page) -> None:
    body = render_html(page, {"service": "shop"}, {"prometheus": "http://p:9090"}).body
    assert 'href="http://p:9090/graph?g0.expr=up%7Bservice%3D%22shop%22%7D&amp;g0.tab=1"' in body
    assert "http://p:9090/graph" not in render_html(page, {}, {"prometheus": "http://p:9090"}).body
