"""Each check of generated files finds the mistake that it is there for, and nothing in a sound project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from house import SPEC, House, house

from slostack.checks import (
    alertmanager,
    commands,
    dashboards,
    drift,
    generated,
    heartbeat,
    live,
    notifications,
    prometheus,
    receivers,
    routing,
    rules,
    secrets,
    shell,
)
from slostack.checks.spec import CHECKS

CONFIG = "alerts/alertmanager.yml"
TEMPLATE = "alerts/templates/notification.tmpl"
CHECKOUT = "alerts/rules/checkout.yml"
_SLO = f"slo.yaml:{SPEC.splitlines().index('      requests:') + 1}"
_ALERT = f"slo.yaml:{SPEC.splitlines().index('      QueueLong:') + 1}"


@pytest.mark.parametrize("module", generated.MODULES, ids=lambda module: module.__name__.rsplit(".", 1)[-1])
def test_a_sound_project_has_no_problems(sound: House, module) -> None:
    assert sound.told(module.check) == []


def test_a_rule_that_does_not_parse_is_told_at_its_slo(sound: House) -> None:
    told = 'ALERTS{alertstate="firing",slo="checkout-requests",severity="page",tier!~"1h|threshold"}'
    sound.change(CHECKOUT, told, "rate(up)")
    found = sound.told(rules.check)
    assert len(found) == 1
    assert found[0].startswith(f"{_SLO}: rules: promtool refuses the rule `CheckoutRequestsBurnsFast`: ")
    assert "expected type range vector" in found[0]


def test_two_rules_that_cannot_be_told_apart_are_told_at_their_alert(sound: House) -> None:
    text = sound.files[CHECKOUT]
    rule = text[
        text.index("      - alert: QueueLong")
        if "      - alert: QueueLong" in text
        else text.index("- alert: QueueLong") :
    ]
    first = re.split(r"\n(?=\s*- alert: |\n)", rule)[0]
    indent = text[: text.index(rule)].rsplit("\n", 1)[-1]
    sound.files[CHECKOUT] = text.replace(rule, f"{first}\n{indent}{rule}")
    assert sound.told(rules.check) == [
        (
            f"{_ALERT}: rules: two rules are called `QueueLong` and have the same labels, so that one hides the other"
            " — give one of them another name"
        )
    ]


def test_a_file_of_rules_that_is_no_yaml_is_told_where_it_lies(sound: House) -> None:
    sound.change("alerts/rules/monitoring.yml", "groups:", "group:")
    assert sound.told(rules.check) == [
        (
            "alerts/rules/monitoring.yml:1: rules: promtool refuses the file: yaml: unmarshal errors:"
            " line 4: field group not found in type rulefmt.RuleGroups — change what it is made from in the spec"
        )
    ]


def test_a_broken_prometheus_configuration_is_told_once(sound: House) -> None:
    sound.change("stack/prometheus/prometheus.yml", "scrape_timeout: 10s", "scrape_timeout: 10h")
    found = sound.told(prometheus.check)
    assert len(found) == 1
    assert found[0].startswith("stack/prometheus/prometheus.yml:1: prometheus-config: promtool refuses it: ")
    assert "scrape timeout" in found[0]


def test_rules_that_break_are_not_told_again_with_the_configuration(sound: House) -> None:
    told = 'ALERTS{alertstate="firing",slo="checkout-requests",severity="page",tier!~"1h|threshold"}'
    sound.change(CHECKOUT, told, "rate(up)")
    assert sound.told(prometheus.check) == []


def test_a_receiver_that_no_route_knows_is_told(sound: House) -> None:
    sound.change(CONFIG, "- name: shop-page", "- name: shop-pages")
    assert sound.told(alertmanager.check) == [
        (
            f'{CONFIG}:1: alertmanager-config: amtool refuses it: undefined receiver "shop-page" used in route'
            " — change `teams` or `mail` in the spec"
        )
    ]


def test_an_alert_that_goes_to_another_team_is_told_where_the_spec_has_it(sound: House) -> None:
    sound.change(CONFIG, 'team="shop"', 'team="shops"')
    wrong = [one.split(" — ")[0] for one in sound.told(routing.check)]
    assert f"{_SLO}: routing: `CheckoutRequestsBurnsFast` (page) goes to `shop-ticket`, not to `shop-page`" in wrong


def test_every_distinct_way_is_walked(sound: House, monkeypatch: pytest.MonkeyPatch) -> None:
    walked = []
    real = routing.amtool.routes_test
    monkeypatch.setattr(routing.amtool, "routes_test", lambda file, labels: walked.append(labels) or real(file, labels))
    assert sound.told(routing.check) == []
    assert {(labels.get("team"), labels.get("severity")) for labels in walked} >= {("shop", "page"), ("shop", "ticket")}
    assert ("nobody", "page") in {(labels.get("team"), labels.get("severity")) for labels in walked}
    assert len(walked) < len(sound.plan.alerts)


def test_an_alert_of_nobody_that_is_dropped_is_told(sound: House) -> None:
    sound.change(CONFIG, "route:\n  receiver: shop-ticket", "route:\n  receiver: heartbeat")
    assert sound.told(routing.check) == [
        (
            "slo.yaml:1: routing: an alert of a team that is not in the spec goes to `heartbeat`, not to shop-ticket"
            " — see `route` in alerts/alertmanager.yml, and give the alert's team its receivers under `teams`"
        )
    ]


def test_a_receiver_that_leads_nowhere_is_told_at_its_team(sound: House) -> None:
    config = yaml.safe_load(sound.files[CONFIG])
    next(one for one in config["receivers"] if one["name"] == "ops-page").pop("webhook_configs")
    sound.files[CONFIG] = yaml.safe_dump(config)
    found = sound.told(receivers.check)
    assert found[0] == (
        "slo.yaml:8: receiver-empty: the receiver `ops-page` leads nowhere, so that its notifications are lost"
        " — name a webhook, slack, email or pagerduty for it"
    )


def test_a_spec_without_a_heartbeat_is_warned_of(tmp_path: Path) -> None:
    mute = house(tmp_path, SPEC.replace("heartbeat: https://heartbeat.example/beat\n", ""))
    assert mute.told(receivers.check) == []
    assert mute.told(heartbeat.check) == [
        (
            "slo.yaml:1: warning: no-heartbeat: nobody expects the Watchdog, so nobody notices when Prometheus"
            " or Alertmanager die — add `heartbeat: {url_file: …}`, the address of a service that raises the alarm"
            " when no beat comes"
        )
    ]


def test_a_heartbeat_in_a_file_is_one_whose_file_is_looked_for(tmp_path: Path) -> None:
    spec = SPEC.replace("heartbeat: https://heartbeat.example/beat", "heartbeat: {url_file: secrets/heartbeat}")
    kept = house(tmp_path, spec)
    assert kept.told(heartbeat.check) == []
    assert kept.plan.secrets == ("secrets/heartbeat", "secrets/pager", "secrets/slack")
    assert kept.told(secrets.check) == [
        (
            "slo.yaml:2: warning: secret-missing: the secret file secrets/heartbeat is not there"
            " — create it before the stack starts, mode 600"
        )
    ]
    beat = next(one for one in yaml.safe_load(kept.files[CONFIG])["receivers"] if one["name"] == "heartbeat")
    assert beat["webhook_configs"] == [{"url_file": "secrets/heartbeat", "send_resolved": False}]
    assert kept.told(alertmanager.check) == []


def test_secrets_that_are_missing_or_open_are_warned_of(sound: House) -> None:
    (sound.root / "secrets/slack").unlink()
    (sound.root / "secrets/pager").chmod(0o644)
    assert sound.told(secrets.check) == [
        (
            "slo.yaml:6: warning: secret-missing: the secret file secrets/slack is not there"
            " — create it before the stack starts, mode 600"
        ),
        (
            "slo.yaml:6: warning: secret-readable: everybody on this machine can read the secret file secrets/pager"
            " — run `chmod 600 secrets/pager`"
        ),
    ]


def test_a_template_that_nobody_defines_is_told(sound: House) -> None:
    sound.change(CONFIG, 'template "slostack.slack.text"', 'template "slostack.slack.texts"')
    found = sound.told(notifications.check)
    assert len(found) == 6  # one for each kind of data
    assert "`text` of slack_configs cannot be rendered (" in found[0]
    assert 'template \\"slostack.slack.texts\\" not defined' in found[0] or "slostack.slack.texts" in found[0]


def test_an_empty_title_is_told_with_the_data_that_gives_it(sound: House) -> None:
    sound.change(
        CONFIG,
        "title: '{{ template \"slostack.slack.title\" . }}'",
        "title: '{{ with .CommonAnnotations.summary }}{{ . }}{{ end }}'",
    )
    assert sound.told(notifications.check)[:1] == [
        (
            f"{TEMPLATE}:1: notification: `title` of slack_configs is empty, with unannotated data:"
            " {{ with .CommonAnnotations.summary }}{{ . }}{{ end }}"
            " — mend the template, or the field of the receiver that uses it"
        )
    ]


def test_markup_of_an_alert_that_gets_through_is_told(sound: House) -> None:
    sound.change(CONFIG, "'{{ template \"slostack.slack.text\" . }}'", "'{{ .CommonAnnotations.summary }}'")
    sound.change(CONFIG, "'{{ template \"slostack.email\" . }}'", "'{{ .CommonAnnotations.summary | safeHtml }}'")
    assert [one.split(" — ")[0] for one in sound.told(notifications.check)] == [
        (
            f"{TEMPLATE}:1: notification: `html` of email_configs lets markup of an alert through unescaped,"
            " with hostile data: {{ .CommonAnnotations.summary | safeHtml }}"
        ),
        (
            f"{TEMPLATE}:1: notification: `text` of slack_configs lets an alert's text mention a whole channel,"
            " with hostile data: {{ .CommonAnnotations.summary }}"
        ),
    ]


def test_a_command_that_no_shell_takes_is_told_at_its_alert(tmp_path: Path) -> None:
    broken = house(tmp_path, SPEC + "        command: docker compose logs 'checkout\n")
    found = broken.told(commands.check)
    assert len(found) == 1
    assert found[0].startswith(f"{_ALERT}: command: the command of `QueueLong` is no shell command (Unterminated")


def test_braces_in_a_command_are_no_mistake(tmp_path: Path) -> None:
    text = SPEC + "        command: docker ps --format '{{.Names}} (up)'\n"
    assert house(tmp_path, text).told(commands.check) == []


def test_a_dashboard_with_a_taken_uid_is_told(sound: House) -> None:
    path = next(path for path in sound.files if path.endswith("slo-overview.json"))
    sound.files["dashboards/zz.json"] = sound.files[path]
    (found,) = sound.told(dashboards.check)
    assert re.fullmatch(
        rf"dashboards/zz\.json:\d+: dashboard-uid: the uid `slo-overview` is that of {re.escape(path)} too"
        r" — give the board a short name of its own under `boards`",
        found,
    )


def test_a_query_of_a_dashboard_that_cannot_answer_is_told_on_its_line(sound: House) -> None:
    sound.files["dashboards/own.json"] = (
        '{"uid": "own", "panels": [{"targets": [\n'
        '{"expr": "rate(up[$__rate_interval]"},\n'
        '{"expr": "slo:error_ratios{slo=~\\"$slo\\"}"},\n'
        '{"expr": "slo:error_ratio{slo=\\"checkout-request\\",window=\\"1h\\"}"}]}]}\n'
    )
    assert sound.told(dashboards.check) == [
        (
            "dashboards/own.json:2: dashboard-promql: an expression does not parse (1:12: unclosed left parenthesis):"
            " rate(up[$__rate_interval] — mend the panel's expression in the spec"
        ),
        "dashboards/own.json:3: dashboard-series: no rule records `slo:error_ratios` — did you mean `slo:error_ratio`?",
        (
            'dashboards/own.json:4: dashboard-series: no series of `slo:error_ratio` has slo="checkout-request"'
            " — did you mean `checkout-requests`?"
        ),
    ]


def test_a_file_that_was_changed_by_hand_is_warned_of(sound: House) -> None:
    path = sound.root / CHECKOUT
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    (sound.root / "alerts/alertmanager.yml").unlink()
    remedy = "run `slostack generate`; what is written by hand into a generated file is lost"
    assert sound.told(drift.check) == [
        f"alerts/alertmanager.yml:1: warning: drift: the file is not there — {remedy}",
        f"{CHECKOUT}:1: warning: drift: the file is not what the spec gives — {remedy}",
    ]


def test_a_project_that_was_never_generated_is_told_so_once(sound: House) -> None:
    (sound.root / "alerts/.generated").unlink()
    assert sound.told(drift.check) == [
        "slo.yaml:1: warning: drift: nothing has been generated from it here — run `slostack generate`"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("docker compose -f a.yml up -d", (1, "docker compose up")),
        ("echo a\nkubectl -n shop delete pod x", (2, "kubectl delete")),
        ("curl -fsS -X POST http://x", (1, "curl -X POST")),
        ("curl --request=DELETE http://x", (1, "curl --request=DELETE")),
        ("cd /tmp && rm -rf x", (1, "rm")),
        ("docker compose \\\n  restart checkout", (1, "docker compose restart")),
        ("docker compose ps | grep up", None),
        ("docker compose logs --since 1h checkout > before-restart.log", None),
        ("curl -G http://x --data-urlencode 'query=up'", None),
        ("kubectl get pods", None),
        ("amtool alert query alertname=Watchdog", None),
    ],
)
def test_commands_that_change_something_are_known(text: str, told: tuple[int, str] | None) -> None:
    assert shell.changing(text) == told


def test_every_check_has_a_documentation_page() -> None:
    folder = Path(__file__).parents[2] / "docs/checks"
    for code in (*generated.codes(), *live.CODES):
        text = (folder / f"{code}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {code}\n"), code
        assert "\n## Wrong\n" in text, code
        assert "\n## Right\n" in text, code


def test_no_code_is_that_of_two_checks() -> None:
    codes = (*generated.codes(), *live.CODES, *CHECKS)
    assert len(set(codes)) == len(codes)
