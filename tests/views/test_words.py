"""Ages, durations, deadlines, numbers and widths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.release.durations import Forecast
from cockpit.views.ages import (
    THIN_SPACE,
    ago,
    deadline,
    duration,
    grouped,
    time_left,
    timestamp,
)
from cockpit.views.table import Span
from cockpit.views.width import cell_width, clip, clip_spans, pad

AGES = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=4000))
TEXTS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)
SPANS = st.lists(st.builds(Span, TEXTS), max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s ago"),
        (0, "0 s ago"),
        (12.9, "12 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (7_200, "2 h ago"),
        (86_400, "1 d ago"),
    ],
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (41, "41 s"),
        (720, "12 min"),
        (7_500, "2 h 05 min"),
        (86_400, "1 d"),
        (273_600, "3 d 4 h"),
    ],
)
def test_how_long(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (None, ""),
        (Forecast(timedelta(minutes=12)), "~12 min"),
        (Forecast(timedelta(minutes=12), unknown=3), "over 12 min"),
        (Forecast(timedelta(), unknown=19), ""),
        (Forecast(timedelta()), "~0 s"),
    ],
)
def test_a_lower_bound_is_never_given_as_a_forecast(ahead: Forecast | None, text: str) -> None:
    assert time_left(ahead) == text


@given(AGES)
def test_an_age_never_claims_more_time_than_has_passed(age: timedelta) -> None:
    number, unit, _ = ago(age).split()
    size = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[unit]

    assert int(number) * size <= age.total_seconds() < (int(number) + 1) * size


@given(st.integers(min_value=0, max_value=10**12))
def test_a_grouped_number_keeps_its_digits(number: int) -> None:
    groups = grouped(number).split(THIN_SPACE)

    assert "".join(groups) == str(number)
    assert all(len(group) == 3 for group in groups[1:])


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (None, ""),
        (12, "release in 12 d"),
        (1, "release tomorrow"),
        (0, "release today"),
        (-2, "release was 2 d ago"),
    ],
)
def test_a_deadline_in_words(days: int | None, text: str) -> None:
    assert deadline("release", days) == text


def test_a_moment_is_given_with_its_zone() -> None:
    there = timezone(timedelta(hours=2), "CEST")

    assert timestamp(datetime(2026, 10, 15, 14, 3, tzinfo=UTC)) == "2026-10-15 14:03 UTC"
    assert timestamp(datetime(2026, 10, 15, 16, 3, tzinfo=there)) == "2026-10-15 16:03 CEST"
    assert timestamp(None) == "–"


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("✔ ok", 4), ("a\u200bb", 2), ("", 0)],
)
def test_the_cells_a_text_takes(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "clipped"),
    [
        ("release", 7, "release"),
        ("release", 4, "rel…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("release", 1, "…"),
        ("release", 0, ""),
    ],
)
def test_a_text_is_cut_by_cells(text: str, width: int, clipped: str) -> None:
    assert clip(text, width) == clipped


@given(TEXTS, st.integers(min_value=0, max_value=60))
def test_a_cut_text_fits_and_a_short_one_is_left_alone(text: str, width: int) -> None:
    found = clip(text, width)

    assert cell_width(found) <= width
    assert found == text if cell_width(text) <= width else found != text


@given(SPANS, st.integers(min_value=0, max_value=60))
def test_cut_spans_say_what_the_cut_text_says(spans: tuple[Span, ...], width: int) -> None:
    text = "".join(span.text for span in spans)
    found = clip_spans(spans, width)

    assert cell_width("".join(span.text for span in found)) <= width
    if cell_width(text) <= width:
        assert found == spans


@given(TEXTS, st.integers(min_value=0, max_value=60), st.booleans())
def test_a_padded_text_fills_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_width(pad(text, width, right=right)) == max(width, cell_width(text))
