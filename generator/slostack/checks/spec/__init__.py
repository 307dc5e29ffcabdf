"""Checks of a whole spec: what each key says is fine, and together they make no sense. One check per module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from slostack.checks.spec import (
    alert_names,
    board_uids,
    hours,
    inline_address,
    kept_promise,
    lost_labels,
    no_buckets,
    no_job,
    no_mail,
    no_rate,
    no_series,
    no_slos,
    periods,
    promql_syntax,
    promql_type,
    reserved_labels,
    retention,
    scrape_clash,
    shared_job,
    slo_ids,
    summary_placeholders,
    tier_windows,
    unknown_alert,
    unknown_slo,
    unknown_team,
    unknown_tiers,
    unreachable_tier,
)
from slostack.problems import Problem, in_order
from slostack.spec.load import Loaded, of_environment
from slostack.spec.model import Spec
from slostack.spec.places import Places

Check = Callable[[Spec, Places], Iterator[Problem]]

CHECKS: dict[str, Check] = {
    module.CODE: module.check
    for module in (
        alert_names,
        board_uids,
        hours,
        inline_address,
        kept_promise,
        lost_labels,
        no_buckets,
        no_job,
        no_mail,
        no_rate,
        no_series,
        no_slos,
        periods,
        promql_syntax,
        promql_type,
        reserved_labels,
        retention,
        scrape_clash,
        shared_job,
        slo_ids,
        summary_placeholders,
        tier_windows,
        unknown_alert,
        unknown_slo,
        unknown_team,
        unknown_tiers,
        unreachable_tier,
    )
}

READING = frozenset(
    {"unreadable", "encoding", "byte-order-mark", "syntax", "tab", "documents", "duplicate-key", "alias", "merge-key"}
    | {"tag", "no-spec", "unknown-key", "missing-key", "wrong-type", "bad-value", "bad-name", "unknown-environment"}
    | {"bad-override"}
)
"""What reading a spec can already find; `slostack.spec.load` reports these."""

CODES = READING | frozenset(CHECKS)

# What these look for may stand in a part that is broken and left out, so they wait until the spec is whole.
_NEED_ALL = {
    module.CODE
    for module in (
        no_job,
        no_mail,
        no_series,
        no_slos,
        retention,
        unknown_alert,
        unknown_slo,
        unknown_team,
        unknown_tiers,
    )
}


def check_spec(loaded: Loaded) -> list[Problem]:
    """What is wrong in the file and in each of its environments, whichever is chosen, sorted by place.

    These come on top of `loaded.problems`. Environments that could not be read are left out.
    """
    base: list[Problem] = []
    found: list[Problem] = []
    for variant in loaded.variants:
        if variant.spec is None:
            continue
        checks = [check for code, check in CHECKS.items() if variant.whole or code not in _NEED_ALL]
        problems = [problem for check in checks for problem in check(variant.spec, variant.places)]
        if variant.environment is None:
            base = problems
            found += problems
        else:
            found += of_environment(problems, base, variant.environment)
    return in_order(found)
