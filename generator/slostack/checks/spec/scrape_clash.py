"""scrape-clash: two services define one scrape job differently."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Scrape, Spec
from slostack.spec.places import Places

CODE = "scrape-clash"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each job that another service defines with other targets, path or interval."""
    first: dict[str, tuple[str, Scrape]] = {}
    for name, service in spec.services.items():
        for job, scrape in service.scrape.items():
            owner, known = first.setdefault(job, (name, scrape))
            if known != scrape:
                sentence = f"the scrape job `{job}` of `{name}` differs from that of `{owner}`"
                remedy = "rename one, or define it once: any service can name it as its `job`"
                yield places.problem(CODE, sentence, remedy, ("services", name, "scrape", job), key=True)
