"""What counts as a validating comment, and as a wheel of a dependency; when meetings are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cockpit.backends.github_errors import token_end
from cockpit.release.meetings import Meetings, Weekday, meetings, next_meeting
from cockpit.release.nominations import Comment
from cockpit.release.readiness import WORDS, confirming, of_version, without_wheel
from cockpit.release.schedule import Schedule
from tests.release.states import NOW, SCHEDULE, TRITON_FILES

TAG = "v2.15.0-rc3"


def comment(body: str, *, hours: float = 1) -> Comment:
    at = NOW - timedelta(hours=hours)
    return Comment(1, "grace", body, at, None, "https://github.example/c1")


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("Validated on v2.15.0-rc3.", True),
        ("I verified it, thanks!", True),
        ("CONFIRMED with RC3 on both machines", True),
        ("verified with rc2 and rc3", True),
        ("verified with rc2", False),
        ("still broken in rc3", False),
        ("could not be verified: I have no such GPU", False),
        ("This is not yet validated", False),
        ("I can't confirm that; it isn't validated", False),
        ("invalidated the cache", False),
        ("", False),
    ],
)
def test_a_comment_that_validates(body: str, counts: bool) -> None:
    found = confirming((comment(body),), TAG, NOW - timedelta(hours=2), WORDS)

    assert (found is not None) is counts


def test_what_was_said_before_the_candidate_does_not_count() -> None:
    since = NOW - timedelta(hours=2)

    assert confirming((comment("validated", hours=3),), TAG, since, WORDS) is None
    newest = comment("validated again")
    assert confirming((comment("validated"), newest), TAG, since, WORDS) is newest


def test_only_wheels_of_exactly_this_version_count() -> None:
    others = ("triton-3.8.0.post1-cp312-cp312-linux_x86_64.whl", "triton-3.8.0.tar.gz", "x")

    assert of_version((*TRITON_FILES, *others), "3.8.0") == TRITON_FILES
    assert of_version(TRITON_FILES, "3.8") == TRITON_FILES, "3.8 and 3.8.0 are one version"
    assert of_version(TRITON_FILES, "no version") == ()


def test_a_python_without_a_wheel_is_named() -> None:
    assert without_wheel(TRITON_FILES, ("3.12", "3.13", "3.13t", "3.14")) == ("3.14",)
    assert without_wheel(TRITON_FILES[:2], ("3.13t",)) == ("3.13t",)
    assert without_wheel(("pure-1-py3-none-any.whl",), ("3.12", "3.13t")) == ()


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ("2026-12-01 12:30:00 UTC", datetime(2026, 12, 1, 12, 30, tzinfo=UTC)),
        ("2026-12-01 04:30:00 -0800", datetime(2026, 12, 1, 12, 30, tzinfo=UTC)),
        ("", None),
        ("soon", None),
    ],
)
def test_the_end_of_a_token(told: str, ends: datetime | None) -> None:
    assert token_end(told) == ends


def test_meetings_are_weekly_from_the_cut_to_release_day() -> None:
    found = [at.date() for at in meetings(Meetings(), SCHEDULE)]

    assert found == [date(2026, 10, day) for day in (6, 13, 20, 27)]
    assert next_meeting(Meetings(Weekday.THURSDAY), SCHEDULE, NOW) == datetime(
        2026, 10, 15, 16, 0, tzinfo=UTC
    )
    assert next_meeting(Meetings(), SCHEDULE, NOW + timedelta(days=30)) is None
    assert list(meetings(Meetings(), Schedule())) == []
