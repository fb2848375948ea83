"""Which lines collide when a change is carried to a branch, and which commits last made them.

Lines are counted in three files: the *base* is the pick's parent, *theirs* the picked commit,
*ours* the branch. git's merge sets two differences against each other, base → theirs and base →
ours, and they collide where their hunks touch in the base. There the branch differs from what the
pick builds on. It does so because the branch went its own way, or because it lacks a commit of the
trunk. The second shows in the trunk's history: followed from the base back to where the branch has
everything, the colliding lines of the base pass through hunks of exactly those commits. Asking
`git blame` for the base's lines would miss a commit that only deleted lines, which leaves none to
be blamed for, and every commit but the last that changed a line; the branch lacks them all the
same. So places are followed rather than lines, and a place can be empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec


class Span(msgspec.Struct, frozen=True):
    """Lines `start` to `end`, from 0 and without the last; an empty one is a place between two."""

    start: int
    end: int

    def meets(self, other: Span) -> bool:
        """Whether they share a line, or one is a place in or at the edge of the other."""
        if self.start < self.end and other.start < other.end:
            return self.start < other.end and other.start < self.end
        return self.touches(other)

    def touches(self, other: Span) -> bool:
        """Whether they share a line or lie side by side, which is a collision to git's merge."""
        return self.start <= other.end and other.start <= self.end


class Hunk(msgspec.Struct, frozen=True):
    """One difference between two versions of a file."""

    before: Span
    after: Span
    text: bytes = b""
    """The lines that go and come, where they were kept."""


WHOLE = Hunk(Span(0, 1 << 60), Span(0, 1 << 60))
"""A difference of which nothing is known but that it is there."""


def collisions(ours: Sequence[Hunk], theirs: Sequence[Hunk]) -> Iterator[Hunk]:
    """The hunks of the branch that git's merge cannot put together with those of the pick.

    Equal hunks on both sides are no collision: the branch has that part already.
    """
    same = set(ours).intersection(theirs)
    pick = [hunk.before for hunk in theirs if hunk not in same]
    for hunk in ours:
        if hunk not in same and any(hunk.before.touches(span) for span in pick):
            yield hunk


def meeting(spans: Iterable[Span], hunks: Sequence[Hunk]) -> bool:
    """Whether a commit changed any of these lines, as counted after it.

    The hunks are in the order of the file.
    """
    for span in spans:
        for hunk in hunks:
            if hunk.after.start > span.end:
                break
            if span.meets(hunk.after):
                return True
    return False


def carried_back(span: Span, hunks: Sequence[Hunk]) -> Span:
    """Where lines of a file were before a commit; what it made of them counts with them.

    The hunks are in the order of the file.
    """
    start, end = span.start, span.end
    met: list[Hunk] = []
    for hunk in hunks:
        before, after = hunk.before, hunk.after
        if after.start > span.end:
            break
        longer = (after.end - after.start) - (before.end - before.start)
        if after.end <= span.start:
            start -= longer
        if after.end <= span.end:
            end -= longer
        if after.end >= span.start and span.meets(after):
            met.append(hunk)
    if not met:
        return Span(start, end)
    last = met[-1]
    return Span(
        min(start, met[0].before.start),
        last.before.end if last.after.end > span.end else max(end, last.before.end),
    )
