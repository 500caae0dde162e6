"""The report as one HTML file that needs nothing else: no script, no server, no other file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..core.report import ReportStatus
from .chart import timeline_svg, undated
from .series import to_draw
from .trend import trend_chart, trend_svg
from .view import DRAFT_BANNER, NOT_A_DEVICE, REJECTED_BANNER, View
from .wording import plain

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|[^\s\d;,()]{1,3}\b(?<! on)(?<! to)|\S*/\S))")
PAGE_NOTES = {ReportStatus.DRAFT: DRAFT_BANNER, ReportStatus.REJECTED: REJECTED_BANNER,
              ReportStatus.SIGNED: NOT_A_DEVICE}
"""What stands at the foot of every printed page."""
MOST_CITATIONS = 6
"""Citations shown beside a sentence; the rest stand behind a disclosure."""

MOST_TRENDS = 12
"""Charts drawn; the others have their line in the table."""


@cache
def environment() -> Environment:
    """Templates with autoescape on; an unknown name is an error."""
    made = Environment(loader=PackageLoader("caseloom.report"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"one_line": plain, "unbroken": unbroken}
    return made


def html_of(view: View, pictures: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        view: the prepared report.
        pictures: PNG bytes by file name; a picture that is not there is said to be missing.
    """
    css = own_text("report.css").replace("{{page_note}}", PAGE_NOTES[view.report.status])
    script = own_text("report.js")
    return environment().get_template("report.html.j2").render(
        view=view, report=view.report, css=Markup(css), script=Markup(script), policy=_policy(css, script),  # noqa: S704 - our own files
        pictures={name: f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
                  for name, data in pictures.items()},
        trend_svg=trend_svg, trend_chart=trend_chart, timeline_svg=timeline_svg, undated=undated, most=MOST_CITATIONS,
        moving=to_draw(view.analytes), shown_trends=MOST_TRENDS)


def unbroken(text: str) -> Markup:
    """The text with dates kept on one line, and numbers kept with the unit or sign that follows them."""
    joined = _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(joined))))  # noqa: S704 - escaped just here


def own_text(name: str) -> str:
    """A template file as it is."""
    return (files("caseloom.report") / "templates" / name).read_text(encoding="utf-8").strip()


def _policy(css: str, script: str) -> str:
    """A content security policy that allows this page's own style, script and inlined pictures, and no request."""
    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
    return f"default-src 'none'; img-src data:; style-src {allowed(css)}; script-src {allowed(script)}"
