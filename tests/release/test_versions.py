"""Versions, tags and numbers survive being written and read, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.release.candidates import Pin, Tag, candidates_of, moved_tags, next_number
from cockpit.release.versions import CandidateName, Line, Naming, Version
from tests.release.states import RC1, RC2, sha, tag

NUMBERS = st.integers(min_value=0, max_value=999)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)
CANDIDATES = st.builds(CandidateName, VERSIONS, st.integers(min_value=1, max_value=99))
NAMING = Naming()


@given(VERSIONS)
def test_a_version_is_read_as_it_is_written(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert Line.parse(str(version.line)) == version.line
    assert NAMING.version_of(NAMING.final_tag_of(version)) == version
    assert NAMING.line_of(NAMING.release_branch_of(version.line)) == version.line


@given(CANDIDATES)
def test_a_candidates_tag_is_read_as_it_is_written(name: CandidateName) -> None:
    assert NAMING.candidate_of(NAMING.tag_of(name)) == name
    assert NAMING.version_of(NAMING.tag_of(name)) is None


@given(VERSIONS, VERSIONS)
def test_versions_are_ordered_by_number(one: Version, other: Version) -> None:
    numbers = [(v.major, v.minor, v.patch) for v in (one, other)]
    assert (one < other) == (numbers[0] < numbers[1])


@pytest.mark.parametrize(
    "text",
    [
        "2.15",
        "2.15.0rc1",
        "v2.15.0",
        "2.15.0 ",
        "2.15.0.1",
        "",
        "2.15.0a0",
        "2.15.0\n",
        "02.15.0",
        "٢.15.0",
    ],
)
def test_anything_else_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        Version.parse(text)


@pytest.mark.parametrize(
    "name",
    [
        "v2.15.0",
        "v2.15.0-rc",
        "v2.15.0-rc0",
        "v2.15.0-rc01",
        "v2.15.0-rc1-old",
        "xv2.15.0-rc1",
        "v2.15.0-rc1٢",
    ],
)
def test_anything_else_is_no_candidate(name: str) -> None:
    assert NAMING.candidate_of(name) is None


@given(st.lists(st.integers(min_value=1, max_value=60)), st.sets(st.integers(1, 60)))
def test_the_next_number_was_never_used(numbers: list[int], burnt: set[int]) -> None:
    version = Version(2, 15, 0)
    tags = [tag(f"v2.15.0-rc{n}", sha(str(n))) for n in numbers]
    number = next_number(candidates_of(tags, version, NAMING), frozenset(burnt))

    assert number not in {*numbers, *burnt}
    assert number == max({0, *numbers, *burnt}) + 1


def test_candidates_are_of_one_version_in_the_order_of_their_numbers() -> None:
    names = ("v2.15.0-rc10", "v2.15.0-rc2", "v2.15.1-rc1", "v2.1.0-rc3", "v2.15.0")
    found = candidates_of([tag(n, sha(n)) for n in names], Version(2, 15, 0), NAMING)

    assert [candidate.number for candidate in found] == [2, 10]


def test_a_tag_has_moved_when_object_or_commit_differ_or_it_is_gone() -> None:
    pins = [Pin("r", t.name, t.object_sha, t.commit_sha) for t in (RC1, RC2)]
    annotated = Tag(RC1.name, sha("object"), RC1.commit_sha)

    assert moved_tags(pins, {"r": (RC1, RC2)}) == ()
    assert [m.pin.tag for m in moved_tags(pins, {"r": (annotated, RC2)})] == [RC1.name]
    assert moved_tags(pins, {"r": (RC2,)})[0].describe().startswith(f"{RC1.name} was deleted")
    assert moved_tags(pins, {"another": ()}) == ()
