"""The public face for other programs: `parse` a runbook page, `render_html` it. Pure and typed; no I/O."""

from runbook_site.parsing import Comment, Facts, Fence, Link, Page, Placeholder, Section, first_sentence, parse
from runbook_site.rendering import Rendered, render_html
from runbook_site.values import safe_in_code

__all__ = [
    "Comment",
    "Facts",
    "Fence",
    "Link",
    "Page",
    "Placeholder",
    "Rendered",
    "Section",
    "first_sentence",
    "parse",
    "render_html",
    "safe_in_code",
]
