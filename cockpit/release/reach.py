"""Which of several histories have which commit, told while they are walked newest first."""

from collections.abc import Iterable

FIRST, SECOND = 1, 2
BOTH = FIRST | SECOND
OTHERS = 4
"""The first of the bits of further histories, which are walked along as far as the two go."""


class Reach:
    """Paints commits with the histories that have them; SHAs are bytes, as git prints them.

    A walk by date tells of a commit before its parents nearly always; where clocks were wrong, a
    commit that was told before is painted again.
    """

    def __init__(self, tips: Iterable[tuple[bytes, int]]) -> None:
        self._waiting: dict[bytes, int] = {}
        self._told: dict[bytes, int] = {}
        self._parents: dict[bytes, bytes] = {}
        self._apart = 0
        """How many of those waiting only one of the two histories is known to have."""
        for sha, paint in tips:
            self._paint(sha, paint)

    @property
    def is_whole(self) -> bool:
        """Whether all that is still to be told is in both histories, or in neither."""
        return self._apart == 0

    def tell(self, sha: bytes, parents: bytes) -> int:
        """Note a commit with its parents' SHAs, and give what is known of who has it."""
        paint = self._waiting.pop(sha, 0)
        self._apart -= _is_apart(paint)
        self._told[sha] = paint
        self._parents[sha] = parents
        for parent in parents.split():
            self._paint(parent, paint)
        return paint

    def of(self, sha: bytes) -> int:
        """Who has a commit, told or not."""
        return self._told.get(sha) or self._waiting.get(sha, 0)

    def parents(self, sha: bytes) -> list[bytes]:
        """The parents of a commit that was told."""
        return self._parents[sha].split()

    def _paint(self, sha: bytes, paint: int) -> None:
        open_ones = [(sha, paint)]
        while open_ones:
            sha, paint = open_ones.pop()
            told = self._told.get(sha)
            if told is None:
                before = self._waiting.get(sha, 0)
                self._waiting[sha] = before | paint
                self._apart += _is_apart(before | paint) - _is_apart(before)
            elif told | paint != told:
                self._told[sha] = told | paint
                open_ones += [(parent, told | paint) for parent in self._parents[sha].split()]


def _is_apart(paint: int) -> bool:
    return paint & BOTH in (FIRST, SECOND)
