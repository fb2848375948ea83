"""Lines that are wrapped go on where what they say begins."""

from __future__ import annotations

import pytest

from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span
from widgets.lines import hanging_indent


@pytest.mark.parametrize(
    ("spans", "indent"),
    [
        ((Span("words"),), 0),
        ((Span("  words"),), 2),
        ((Span("✔ words"),), 2),
        ((Span("   $ git push"),), 5),
        ((Span("   expects the head: 1a2b"),), 3),
        ((Span("12  ", Tone.DIM), Span("Merge #7")), 4),
        ((Span("comes to    ", Tone.DIM), Span("clean")), 12),
        ((Span("a word"),), 0),
        ((Span(""),), 0),
    ],
)
def test_a_line_goes_on_past_its_spaces_its_mark_or_its_name(
    spans: tuple[Span, ...], indent: int
) -> None:
    assert hanging_indent(Line(spans)) == indent
