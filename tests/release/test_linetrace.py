"""Which lines collide, and where they were before a commit."""

from __future__ import annotations

import pytest

from cockpit.release.linetrace import WHOLE, Hunk, Span, carried_back, collisions, meeting


def hunk(before: tuple[int, int], after: tuple[int, int], text: bytes = b"") -> Hunk:
    return Hunk(Span(*before), Span(*after), text)


@pytest.mark.parametrize(
    ("ours", "theirs", "collide"),
    [
        (((3, 4), (3, 4)), ((3, 4), (3, 4)), True),
        (((3, 4), (3, 4)), ((4, 5), (4, 5)), True),
        (((3, 4), (3, 4)), ((5, 6), (5, 6)), False),
        (((3, 3), (3, 6)), ((3, 4), (3, 4)), True),
        (((3, 3), (3, 6)), ((4, 5), (4, 5)), False),
        (((3, 9), (3, 3)), ((5, 6), (5, 7)), True),
    ],
)
def test_hunks_collide_where_they_touch_in_the_base(
    ours: tuple[tuple[int, int], tuple[int, int]],
    theirs: tuple[tuple[int, int], tuple[int, int]],
    collide: bool,
) -> None:
    one, other = hunk(*ours, text=b"ours"), hunk(*theirs, text=b"theirs")
    assert list(collisions([one], [other])) == ([one] if collide else [])


def test_the_same_change_on_both_sides_is_no_collision() -> None:
    same, own = hunk((3, 4), (3, 4), b"same"), hunk((9, 9), (9, 10), b"own")
    assert list(collisions([same, own], [same])) == []


@pytest.mark.parametrize(
    ("span", "hunks", "meets", "before"),
    [
        ((5, 6), [], False, (5, 6)),
        ((5, 6), [hunk((0, 0), (0, 2))], False, (3, 4)),
        ((5, 6), [hunk((0, 2), (0, 0))], False, (7, 8)),
        ((5, 6), [hunk((9, 9), (9, 12))], False, (5, 6)),
        ((5, 6), [hunk((5, 7), (5, 6))], True, (5, 7)),
        ((5, 6), [hunk((4, 5), (4, 5))], False, (5, 6)),
        ((5, 6), [hunk((5, 8), (5, 5))], True, (5, 9)),
        ((5, 5), [hunk((5, 8), (5, 5))], True, (5, 8)),
        ((5, 7), [hunk((3, 4), (3, 8))], True, (3, 4)),
        ((5, 9), [hunk((1, 1), (1, 2)), hunk((5, 6), (6, 7))], True, (4, 8)),
        ((5, 6), [WHOLE], True, (0, 1 << 60)),
    ],
)
def test_lines_are_carried_back_through_a_commit(
    span: tuple[int, int], hunks: list[Hunk], meets: bool, before: tuple[int, int]
) -> None:
    assert meeting([Span(*span)], hunks) is meets
    assert carried_back(Span(*span), hunks) == Span(*before)
