"""Checks of a whole spec: what each key says is fine, and together they make no sense. One check per module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from slostack.checks.spec import (
    alert_names,
    board_uids,
    fleeting_group,
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
from slostack.checks.spec.doubts import Noting, trusted
from slostack.problems import Problem, in_order
from slostack.spec.load import Loaded, Variant, of_environment
from slostack.spec.model import Spec
from slostack.spec.places import Places

Check = Callable[[Spec, Places], Iterator[Problem]]

CHECKS: dict[str, Check] = {
    module.CODE: module.check
    for module in (
        alert_names,
        board_uids,
        fleeting_group,
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


def check_spec(loaded: Loaded) -> list[Problem]:
    """What is wrong in the file and in each of its environments, whichever is chosen, sorted by place.

    These come on top of `loaded.problems`. Environments that could not be read are left out. What is found where
    something stands in for a mistake is left out, too: it would be invented.
    """
    base: list[Problem] = []
    found: list[Problem] = []
    for variant in loaded.variants:
        if variant.spec is None:
            continue
        problems = list(_found(variant.spec, variant))
        if variant.environment is None:
            base = problems
            found += problems
        else:
            found += of_environment(problems, base, variant.environment)
    return in_order(found)


def _found(spec: Spec, variant: Variant) -> Iterator[Problem]:
    if not variant.doubts:
        for check in CHECKS.values():
            yield from check(spec, variant.places)
        return
    places = Noting(variant.places.file, variant.places.text, variant.places.root)
    for code, check in CHECKS.items():
        for problem in check(spec, places):
            if trusted(code, places.paths[problem], variant.doubts):
                yield problem
