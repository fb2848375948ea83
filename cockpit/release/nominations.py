"""What people write on the tracker: nominations in all their shapes, and the team's answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.versions import Version


class Comment(msgspec.Struct, frozen=True):
    """A comment on the tracker, cleaned of control characters."""

    id: int
    author: str
    body: str
    posted_at: datetime
    edited_at: datetime | None
    """None where it still says what it said at first."""
    url: str


class Nomination(msgspec.Struct, frozen=True):
    """One change that a comment nominates; process section 12.10."""

    comment_id: int
    author: str
    posted_at: datetime
    trunk_pulls: tuple[int, ...]
    trunk_commits: tuple[str, ...]
    """Where a commit is linked instead of a pull request; perhaps abbreviated."""
    release_pull: int | None
    category: str
    """The author's own words."""
    issue: str
    """The first issue that is linked there, `owner/name#n`; empty when there is none."""
    url: str
    edited_at: datetime | None = None

    @property
    def trunk_pull(self) -> int | None:
        """The trunk pull request that is named first."""
        return self.trunk_pulls[0] if self.trunk_pulls else None


class Verdict(Enum):
    """What a release manager's comment says."""

    APPROVED = "approved"
    DENIED = "denied"
    NEEDS_INFO = "needs info"
    UNDER_REVIEW = "under review"
    """The team has said something about it, and decided nothing."""


class Answer(msgspec.Struct, frozen=True):
    """A release manager's word about one pull request."""

    pull: int
    verdict: Verdict
    author: str
    posted_at: datetime
    url: str = ""


_FENCE = re.compile(
    r"^[ \t]*(?:(?:[*+-]|\d+[.)])[ \t]+)?(?P<mark>`{3,}(?=[^`\n]*$)|~{3,})"
    r".*?(?:^[ \t]*(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""As GitHub draws it: perhaps indented or in a list; what is closed in its own line is none."""
_INDENTED = re.compile(r" {4}| {0,3}\t")
_BULLET = re.compile(r"[ \t]*(?:[*+-]|\d+[.)])(?:[ \t]|$)")
_QUOTE = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REFERENCE = re.compile(
    r"(?:https?://[^\s/]+/(?P<repo>[\w.-]+/[\w.-]+)/(?P<kind>pull|issues)/"
    r"|(?<![\w#/.-])(?P<other>[\w.-]+/[\w.-]+)?#)(?P<number>\d+)\b",
    re.IGNORECASE,
)
_COMMIT = re.compile(
    r"https?://[^\s/]+/(?P<repo>[\w.-]+/[\w.-]+)/commit/(?P<sha>[0-9a-f]{7,40})\b", re.IGNORECASE
)
_TRACKER_TITLE = re.compile(r"\[v\.?(\d+\.\d+\.\d+)\] Release Tracker", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z\d](?:[A-Za-z\d-]{0,38}))(?![\w/-])")
_TRUNK, _RELEASE, _CATEGORY = "trunk", "release", "category"
_HEADING = re.compile(
    r"^[ \t*_#-]*+(?:\d+[.)][ \t*_]*+)?(?:(?P<trunk>link to landed (?:trunk|master|main) pr)"
    r"|(?P<release>link to release branch pr)|(?P<category>criteria category))[^:\n]*:?",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESSED = r"^[^\w\n@#]*+(?:(?:https?://\S++|@[\w-]++|(?:[\w.-]+/[\w.-]+)?#\d++)[^\w\n@#]*+)*+"
"""How a line may begin: with whom or what it is about."""
_ABOUT_IT = (
    r"(?=[^\w\n?]*(?:$|https?:|\d|(?:as|in|into|to|this|it|now|already|and|thanks?)\b|[\w.-]+/))"
)
"""What may follow `merged`: a merge conflict approves nothing."""
_VERDICTS = tuple(
    (verdict, re.compile(rf"{_ADDRESSED}(?:{words})\b", re.IGNORECASE | re.MULTILINE))
    for verdict, words in (
        (Verdict.DENIED, "denied|rejected|declined|not approved"),
        (Verdict.NEEDS_INFO, "needs? (?:more )?info|could you|please (?:add|clarify|explain)"),
        (Verdict.APPROVED, rf"(?:approved?|lgtm)(?!\w|[ \t]*\?)|merged?{_ABOUT_IT}"),
    )
)


def tracker_version(title: str) -> Version | None:
    """The version a tracker's title names; both spellings of section 14.1 count."""
    found = _TRACKER_TITLE.search(title)
    return Version.parse(found[1]) if found else None


def spoken(body: str) -> str:
    """A comment without code blocks, quotes and hidden text: the author's own words alone."""
    written = _FENCE.sub("", _HIDDEN.sub("", body.replace("\r\n", "\n")))
    return _QUOTE.sub("", "\n".join(_without_indented_code(written.split("\n"))))


def _without_indented_code(lines: Iterable[str]) -> Iterator[str]:
    """Lines that are no code by their indentation: behind an empty line, and in no list."""
    may_begin, in_list = True, False
    for line in lines:
        if not line.strip():
            may_begin = True
        elif may_begin and not in_list and _INDENTED.match(line):
            continue
        else:
            goes_on = in_list and (not may_begin or line[0] in " \t")
            in_list = goes_on or _BULLET.match(line) is not None
            may_begin = False
        yield line


def read_nominations(comment: Comment, repository: str) -> tuple[Nomination, ...]:
    """The changes that a comment nominates; none when it is a comment of another kind."""
    found: list[Nomination] = []
    for block in _blocks(spoken(comment.body)):
        found += _nominated(comment, block, repository)
    return tuple(found)


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """What stands under each heading of the form; a heading that comes again begins another."""
    marks = list(_HEADING.finditer(text))
    block: dict[str, str] = {}
    for position, mark in enumerate(marks):
        name = str(mark.lastgroup)
        if name in block:
            yield block
            block = {}
        end = marks[position + 1].start() if position + 1 < len(marks) else len(text)
        block[name] = text[mark.end() : end]
    if block:
        yield block


def _nominated(comment: Comment, block: dict[str, str], repository: str) -> Iterator[Nomination]:
    trunk = pulls_in(block.get(_TRUNK, ""), repository)
    commits = _commits_in(block.get(_TRUNK, ""), repository)
    release = pulls_in(block.get(_RELEASE, ""), repository)
    if not trunk and not commits and not release:
        return
    words = block.get(_CATEGORY, "")
    lines = (line.strip(" *-\t") for line in words.splitlines())
    category = next((line for line in lines if line), "")
    pairs: list[tuple[tuple[int, ...], int | None]] = [(trunk, release[0] if release else None)]
    if len(release) > 1:
        # As many of both are told off one by one; else each pull request is of all the changes.
        each = [(pull,) for pull in trunk] if len(trunk) == len(release) else [trunk] * len(release)
        pairs = list(zip(each, release, strict=True))
    for trunk_pulls, release_pull in pairs:
        yield Nomination(
            comment_id=comment.id,
            author=comment.author,
            posted_at=comment.posted_at,
            trunk_pulls=trunk_pulls,
            trunk_commits=commits,
            release_pull=release_pull,
            category=category,
            issue=_issue_in(words, repository),
            url=comment.url,
            edited_at=comment.edited_at,
        )


def pulls_in(text: str, repository: str) -> tuple[int, ...]:
    """Numbers of this repository's pull requests that a text links, each once, in order."""
    return tuple(
        dict.fromkeys(
            int(found["number"])
            for found in _REFERENCE.finditer(text)
            if _is_ours(found, repository) and (found["kind"] or "pull").lower() == "pull"
        )
    )


def without_references(text: str, repository: str) -> str:
    """The same words with no pull request of this repository linked, neither by GitHub nor here."""

    def unlinked(found: re.Match[str]) -> str:
        pull = _is_ours(found, repository) and (found["kind"] or "pull").lower() == "pull"
        return f"#<!-- -->{found['number']}" if pull else found[0]

    return _REFERENCE.sub(unlinked, text)


def _is_ours(found: re.Match[str], repository: str) -> bool:
    named = found["repo"] or found["other"]
    return named is None or named.lower() == repository.lower()


def _commits_in(text: str, repository: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            found["sha"].lower()
            for found in _COMMIT.finditer(text)
            if found["repo"].lower() == repository.lower()
        )
    )


def _issue_in(text: str, repository: str) -> str:
    for found in _REFERENCE.finditer(text):
        if (found["kind"] or "issues").lower() == "issues":
            return f"{found['repo'] or found['other'] or repository}#{found['number']}"
    return ""


def read_answers(
    comments: Sequence[Comment], repository: str, approvers: Collection[str]
) -> tuple[Answer, ...]:
    """The words of those whose verdict counts, each about the pull request that it names.

    One that names no pull request but the author of exactly one nomination before it, which
    nobody has answered, is about that one. Anything less certain is no answer.
    """
    team = {login.lower() for login in approvers}
    found: list[Answer] = []
    nominated: list[Nomination] = []
    for comment in sorted(comments, key=lambda comment: (comment.posted_at, comment.id)):
        nominations = read_nominations(comment, repository)
        nominated += nominations
        if nominations or comment.author.lower() not in team:
            continue
        text = spoken(comment.body)
        if not text.strip():
            continue
        verdicts = (kind for kind, pattern in _VERDICTS if pattern.search(text))
        verdict = next(verdicts, Verdict.UNDER_REVIEW)
        pulls = pulls_in(comment.body.replace("\r\n", "\n"), repository)
        pulls = pulls or _meant(text, nominated, {answer.pull for answer in found})
        found += [
            Answer(pull, verdict, comment.author, comment.posted_at, comment.url) for pull in pulls
        ]
    return tuple(found)


def each_once(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """What was said of one change, oldest first, and no word twice.

    A comment may name both its pull requests, and the cockpit writes the ledger's entry beside
    its comment.
    """
    said = sorted(answers, key=lambda answer: (answer.posted_at, not answer.url, answer.url))
    found: list[Answer] = []
    for answer in said:
        last = found[-1] if found else None
        if last is None or not _same_word(last, answer):
            found.append(answer)
        elif not last.url:
            found[-1] = answer
    return tuple(found)


def _same_word(one: Answer, other: Answer) -> bool:
    if one.url and other.url:
        return one.url == other.url
    said = [(answer.author.casefold(), answer.verdict) for answer in (one, other)]
    return said[0] == said[1] and bool(one.url or other.url)


def _meant(
    text: str, nominated: Sequence[Nomination], answered: Collection[int]
) -> tuple[int, ...]:
    names = {name.lower() for name in _MENTION.findall(text)}
    open_ones = {
        number
        for nomination in nominated
        if nomination.author.lower() in names
        and (number := nomination.release_pull or nomination.trunk_pull)
        and number not in answered
    }
    return tuple(open_ones) if len(open_ones) == 1 else ()
