"""Cherry-picks: what people nominated on the tracker, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.repos import Repository
from cockpit.release.versions import Version


class PickState(Enum):
    """Where a pick stands; process section 12.15."""

    NOMINATED = "nominated"
    NEEDS_INFO = "needs info"
    APPROVED = "approved"
    DENIED = "denied"
    MERGED = "merged"
    IN_CANDIDATE = "in candidate"
    SUPERSEDED = "superseded"

    @property
    def decided(self) -> bool:
        """Whether the release team has answered."""
        return self not in (PickState.NOMINATED, PickState.NEEDS_INFO)


class PullSummary(msgspec.Struct, frozen=True):
    """A pull request into the release branch."""

    number: int
    title: str
    author: str
    state: str
    """`open` or `closed`."""
    merged_sha: str | None
    head_sha: str
    head_ref: str
    url: str
    updated_at: datetime


class Nomination(msgspec.Struct, frozen=True):
    """One comment on the tracker that nominates a pick; process section 12.10."""

    comment_id: int
    author: str
    posted_at: datetime
    trunk_pull: int | None
    release_pull: int | None
    category: str
    url: str


class Verdict(Enum):
    """What a release manager's comment says."""

    APPROVED = "approved"
    DENIED = "denied"
    NEEDS_INFO = "needs info"


class Answer(msgspec.Struct, frozen=True):
    """A release manager's comment about one pull request."""

    pull: int
    verdict: Verdict
    author: str
    posted_at: datetime


class Tracker(msgspec.Struct, frozen=True):
    """The tracker issue of exactly this version, read whole."""

    number: int
    title: str
    url: str
    nominations: tuple[Nomination, ...] = ()
    answers: tuple[Answer, ...] = ()


class PickReading(msgspec.Struct, frozen=True):
    """Everything GitHub says about the picks of one release branch."""

    tracker: Tracker | None = None
    pulls: tuple[PullSummary, ...] = ()


class Pick(msgspec.Struct, frozen=True):
    """One row of the queue: a trunk change on its way to this release line."""

    key: str
    """Stable over refreshes: the release pull request, else the trunk one, else the comment."""
    trunk_pull: int | None
    release_pull: int | None
    title: str
    author: str
    category: str
    state: PickState
    nominated: bool
    candidate: str | None
    """The tag of the first candidate that contains it."""
    url: str


_FENCE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_QUOTE = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_PULL = re.compile(
    r"(?:https?://[^\s/]+(?::\d+)?/(?P<repo>[\w.-]+/[\w.-]+)/pull/|(?<![\w#])#)(?P<n>\d+)\b"
)
_TRACKER_TITLE = re.compile(r"\[v\.?(\d+\.\d+\.\d+)\] Release Tracker", re.IGNORECASE)
_HEADINGS = {
    "trunk": re.compile(r"^[\s*_#-]*link to landed (?:trunk|master|main) pr[^:\n]*:?", re.I | re.M),
    "release": re.compile(r"^[\s*_#-]*link to release branch pr[^:\n]*:?", re.I | re.M),
    "category": re.compile(r"^[\s*_#-]*criteria category[^:\n]*:?", re.I | re.M),
}
_VERDICTS = (
    (Verdict.DENIED, re.compile(r"^\W*(?:denied|rejected|declined|not approved)\b", re.I | re.M)),
    (
        Verdict.NEEDS_INFO,
        re.compile(
            r"^\W*(?:needs? (?:more )?info|could you|please (?:add|clarify|explain))\b", re.I | re.M
        ),
    ),
    (Verdict.APPROVED, re.compile(r"^\W*(?:approved?|lgtm|merged?)\b", re.I | re.M)),
)


def tracker_version(title: str) -> Version | None:
    """The version a tracker's title names; both spellings of section 14.1 count."""
    found = _TRACKER_TITLE.search(title)
    return Version.parse(found[1]) if found else None


def spoken(body: str) -> str:
    """A comment without code blocks and quotes, which are not the author's own words."""
    return _QUOTE.sub("", _FENCE.sub("", body.replace("\r\n", "\n")))


def _pulls_in(text: str, repository: str) -> list[int]:
    return [
        int(found["n"])
        for found in _PULL.finditer(text)
        if found["repo"] is None or found["repo"].lower() == repository.lower()
    ]


def read_nomination(
    body: str, *, repository: str, comment_id: int, author: str, posted_at: datetime, url: str
) -> Nomination | None:
    """Read a nomination comment in any of its real shapes; None when it is another comment."""
    text = spoken(body)
    starts = {name: heading.search(text) for name, heading in _HEADINGS.items()}
    if starts["trunk"] is None and starts["release"] is None:
        return None
    marks = sorted((m.start(), m.end(), name) for name, m in starts.items() if m)
    section = {"trunk": "", "release": "", "category": ""}
    for position, (_, end, name) in enumerate(marks):
        stop = marks[position + 1][0] if position + 1 < len(marks) else len(text)
        section[name] = text[end:stop]
    trunk = _pulls_in(section["trunk"], repository)
    release = _pulls_in(section["release"], repository)
    if not trunk and not release:
        return None
    category = next(
        (line.strip(" *-\t") for line in section["category"].splitlines() if line.strip(" *-\t")),
        "",
    )
    return Nomination(
        comment_id=comment_id,
        author=author,
        posted_at=posted_at,
        trunk_pull=trunk[0] if trunk else None,
        release_pull=release[0] if release else None,
        category=category,
        url=url,
    )


def read_answer(
    body: str, *, repository: str, author: str, posted_at: datetime
) -> tuple[Answer, ...]:
    """Read a release manager's answer; it must name the pull request it is about."""
    text = spoken(body)
    verdict = next((kind for kind, pattern in _VERDICTS if pattern.search(text)), None)
    if verdict is None:
        return ()
    pulls = dict.fromkeys(_pulls_in(body.replace("\r\n", "\n"), repository))
    return tuple(Answer(pull, verdict, author, posted_at) for pull in pulls)


def queue(
    reading: PickReading,
    branch: BranchState | None,
    repository: Repository,
    decisions: Iterable[Answer] = (),
    dead: Callable[[str], bool] = lambda _: False,
) -> tuple[Pick, ...]:
    """The queue, one row per change: nominated ones in order, then pulls nobody nominated.

    `decisions` are the ledger's own approvals; the newest word about a pull request counts.
    `dead` tells of a candidate's tag whether it was declared a dud, and so contains nothing.
    """
    pulls = {pull.number: pull for pull in reading.pulls}
    answers: dict[int, Answer] = {}
    said = reading.tracker.answers if reading.tracker else ()
    for answer in sorted((*said, *decisions), key=lambda a: a.posted_at):
        answers[answer.pull] = answer
    found = branch.candidates(repository) if branch else ()
    alive = tuple(candidate for candidate in found if not dead(candidate.tag.name))
    rows: dict[str, Pick] = {}
    for nomination in reading.tracker.nominations if reading.tracker else ():
        pull = pulls.pop(nomination.release_pull or -1, None)
        key = f"pull-{nomination.release_pull or nomination.trunk_pull}"
        rows[key] = _row(key, nomination, pull, answers, branch, alive)
    for pull in pulls.values():
        if pull.state == "open" or pull.merged_sha:
            key = f"pull-{pull.number}"
            rows.setdefault(key, _row(key, None, pull, answers, branch, alive))
    return tuple(rows.values())


def _row(
    key: str,
    nomination: Nomination | None,
    pull: PullSummary | None,
    answers: dict[int, Answer],
    branch: BranchState | None,
    alive: tuple[Candidate, ...],
) -> Pick:
    release_pull = pull.number if pull else nomination.release_pull if nomination else None
    trunk_pull = nomination.trunk_pull if nomination else None
    answer = answers.get(release_pull or -1) or answers.get(trunk_pull or -1)
    candidate = _first_candidate(pull.merged_sha if pull else None, branch, alive)
    return Pick(
        key=key,
        trunk_pull=trunk_pull,
        release_pull=release_pull,
        title=pull.title if pull else "",
        author=nomination.author if nomination else pull.author if pull else "",
        category=nomination.category if nomination else "",
        state=_state(pull, answer, candidate),
        nominated=nomination is not None,
        candidate=candidate,
        url=pull.url if pull else nomination.url if nomination else "",
    )


def _state(pull: PullSummary | None, answer: Answer | None, candidate: str | None) -> PickState:
    if candidate:
        return PickState.IN_CANDIDATE
    if pull and pull.merged_sha:
        return PickState.MERGED
    if pull and pull.state == "closed" and (answer is None or answer.verdict is Verdict.APPROVED):
        return PickState.SUPERSEDED
    if answer is None:
        return PickState.NOMINATED
    return {
        Verdict.APPROVED: PickState.APPROVED,
        Verdict.DENIED: PickState.DENIED,
        Verdict.NEEDS_INFO: PickState.NEEDS_INFO,
    }[answer.verdict]


def _first_candidate(
    merged_sha: str | None, branch: BranchState | None, alive: tuple[Candidate, ...]
) -> str | None:
    """The first candidate whose history holds the commit."""
    if merged_sha is None or branch is None:
        return None
    position = {commit.sha: i for i, commit in enumerate(branch.commits)}
    if merged_sha not in position:
        return None
    for candidate in alive:
        at = position.get(candidate.commit_sha)
        if at is not None and at <= position[merged_sha]:
            return candidate.tag.name
    return None
