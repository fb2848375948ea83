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
            self._expect(sha, paint)

    @property
    def is_whole(self) -> bool:
        """Whether all that is still to be told is in both histories, or in neither."""
        return self._apart == 0

    def tell(self, sha: bytes, parents: bytes) -> int:
        """Note a commit with its parents' SHAs, and give what is known of who has it."""
        paint = self._waiting.pop(sha, 0)
        self._apart -= _APART[paint & BOTH]
        self._told[sha] = paint
        self._parents[sha] = parents
        for parent in parents.split():
            if parent in self._told:
                self._repaint(parent, paint)
            else:
                self._expect(parent, paint)
        return paint

    def of(self, sha: bytes) -> int:
        """Who has a commit, told or not."""
        return self._told.get(sha) or self._waiting.get(sha, 0)

    def parents(self, sha: bytes) -> list[bytes]:
        """The parents of a commit that was told."""
        return self._parents[sha].split()

    def _expect(self, sha: bytes, paint: int) -> None:
        before = self._waiting.get(sha, 0)
        after = before | paint
        self._waiting[sha] = after
        self._apart += _APART[after & BOTH] - _APART[before & BOTH]

    def _repaint(self, sha: bytes, paint: int) -> None:
        open_ones = [sha]
        while open_ones:
            sha = open_ones.pop()
            told = self._told.get(sha)
            if told is None:
                self._expect(sha, paint)
            elif told | paint != told:
                self._told[sha] = told | paint
                open_ones += self._parents[sha].split()


_APART = (0, 1, 1, 0)
"""Whether a paint says that one of the two histories alone has a commit."""
