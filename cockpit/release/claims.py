"""What a commit message claims: its pull request, what it picks, undoes, brings back or closes.

Claims are only read here; whether what they name exists is the history's to say. Nothing that
this module needs is heavier than `re`: a history of tens of thousands of commits is read in the
time that importing more would take.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple


class Named(NamedTuple):
    """What a message calls another commit by, from the best evidence to the weakest."""

    shas: tuple[str, ...] = ()
    """Whole or abbreviated."""
    pulls: tuple[int, ...] = ()
    diffs: tuple[int, ...] = ()
    """Numbers of Phabricator diffs."""
    title: str = ""
    """As `plain` makes it, where the message quotes it."""
    guess: str = ""
    """A title that the message may mean, which is not worth a search."""

    def __bool__(self) -> bool:
        return any(self)


NOTHING = Named()


class Claims(NamedTuple):
    """What one message says of other commits."""

    picked_from: tuple[str, ...] = ()
    """SHAs of `git cherry-pick -x` trailers."""
    picked_pulls: tuple[int, ...] = ()
    """Pull requests that it says it picks, beside those of its title."""
    undoes: Named = NOTHING
    brings_back: Named = NOTHING
    is_revert: bool = False
    """Whether its title says so."""
    is_reland: bool = False
    """Whether its title says so."""
    diff: int | None = None
    """Its own Phabricator diff."""
    closes: tuple[int, ...] = ()
    """Issues and pull requests it closes, by GitHub's keywords."""


NO_CLAIMS = Claims()


class Lazy:
    """A regular expression that is compiled when it is first used: most runs meet few of them."""

    def __init__(self, text: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._text = text
        self._flags = flags

    @cached_property
    def re(self) -> re.Pattern[str]:
        """The compiled one."""
        return re.compile(self._text, self._flags)


_REFERENCE = Lazy(
    r"(?:(?:https?://[^\s/]+/)?(?P<repo>[\w.-]+/[\w.-]+)(?:/(?:pull|issues)/|#)|(?<![\w/&])#)(?P<n>\d+)\b"
)
_TAIL = Lazy(r"(?:\s*\(#\d+\))+\s*$")
_MERGED_PULL = Lazy(r"Merge pull request #(\d+) from ")
_BRACKETED_NUMBER = Lazy(r"\(#(\d+)\)")
_QUOTED = Lazy(r'"(.*)"')
_SHA = Lazy(r"\b[0-9a-f]{7,40}\b")

_RESOLVED = "Pull Request resolved:"
_RESOLVED_BYTES = _RESOLVED.encode()
_RESOLVED_LINE = Lazy(r"^Pull Request resolved: *(\S+)\s*$", re.M)
TRAILER = Lazy(r"^\(cherry picked from commit ([0-9a-f]{7,40})\)\s*$", re.M)
_PICKING = Lazy(r"\b(?:cherry[\s-]?pick|back-?port)", re.I)
_BULLET = Lazy(r"^[ \t]*[*-][ \t]*(\S+)[ \t]*$", re.M)
_DIFF = Lazy(r"^\s*Differential Revision:\s*\[?D(\d+)", re.M)

_TAGS = r"^[\s\"'(]*(?:\[[^\]]*\]\s*)*"
_LEADING_TAGS = Lazy(r"^\s*(?:\[[^\]]*\]\s*)+")
_REVERT_TITLE = Lazy(
    _TAGS + r"(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)?[ -]?out|unland)\b[\s:–—-]*(?P<rest>.*)$",
    re.I,
)
_REVERT_DIFF = Lazy(r"D(\d+)\b")
_LEADING_PULL = Lazy(r"(?:PR\s*)?")
_REVERTING_LINE = Lazy(r"^(?:Summary: *|[*-] +|\d+\. +)?(?:[Tt]his )?[Rr]evert", re.M)
_REVERTED_COMMITS = Lazy(
    r"^(?:Summary: *|[*-] +|\d+\. +)?(?:This )?reverts commits?[\s:]+(.*)$", re.I | re.M
)
_REVERTED_PULL = Lazy(r"^(?:this )?revert(?:s|ed| of)(?: (?:PR|pull request))?:? +", re.I | re.M)
_REVERTED_LIST = Lazy(
    r"^(?:this )?revert(?:s|ing) (?:the )?following\b[^\n]*\n+"
    r"((?:[^\n]*(?:#|/pull/)\d+[^\n]*\n?)+)",
    re.I | re.M,
)
_ORIGINAL_DIFF = Lazy(r"^\s*Original Phabricator Diff:\s*\[?D(\d+)", re.M)
_ORIGINAL_SHA = Lazy(r"^\s*Original commit changeset:\s*([0-9a-f]{7,40})\b", re.M)

_RELAND_WORDS = ("reland", "reappl", "resubmit", "unrevert")
"""One of them is in every title that brings something back; most have none."""
_RELAND_TAG = Lazy(r"[\[(][^\])]*\bre-?land[^\])]*[\])]", re.I)
_RELAND_TITLE = Lazy(
    _TAGS + r"(?:re-?land(?:ed|ing|s)?|re-?appl(?:y|ies)|re-?submit|un-?revert)\b"
    r"(?: of)?[\s:–—-]*(?P<rest>.*)$",
    re.I,
)
_RELAND_BODY = Lazy(
    r"\b(?:re-?land(?:s|ed|ing)?|re-?appl(?:y|ies)|re-?submit(?:s|ted)?"
    r"|br(?:ing(?:s|ing)?|ought) back)"
    r"(?:[ \n]+(?:of|the|original|PR|pull request):?)*[ \n]+",
    re.I,
)
_CLOSES = Lazy(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+", re.I)

_PICK_PREFIX = Lazy(
    r"^\s*(?:\[[^\]]*(?:cherry[\s-]?pick|release|\d+\.\d+)[^\]]*\]"
    r"|cherry[\s-]?pick(?:ed|s|ing)?(?: of| for)?\b)[\s:–—-]*",
    re.I,
)
_BARE_NUMBER = Lazy(r"\s+#\d+$")
_SAYS_NOTHING = frozenset({"", "add files via upload", "initial commit"})
_OF_ONE_FILE = frozenset({"update", "create", "delete", "rename"})
"""Titles that GitHub writes by itself, which many commits share; those of merges are more."""
_RELEASE_ONLY = Lazy(
    r"^\W*(?:\[release(?:-only| \d+\.\d+|/\d+\.\d+)?[^\]]*\]|release[ -]only\b)", re.I
)
_SETS_VERSION = Lazy(
    r"^\W*(?:release \S+ )?(?:bump|update|move|set|advance)\b"
    r".*?(?<![\d.])(?P<line>\d+\.\d+)(?:\.\d+)?(?![\d.]*\d)",
    re.I,
)
_FENCED = Lazy(r"^(```|~~~).*?(?:^\1[ \t]*$|\Z)", re.M | re.S)


class Reader:
    """Reads messages of one repository; numbers of other repositories are not its own."""

    def __init__(
        self, repository: Callable[[], str | None] = lambda: None, *, closing: bool = False
    ) -> None:
        """`repository` tells owner/name, or None, if it is asked; `closing` reads keywords too."""
        self._repository = repository
        self._closing = closing

    @cached_property
    def _own(self) -> str | None:
        name = self._repository()
        return name.casefold() if name else None

    def may_matter(self, title: str, body: bytes) -> bool:
        """Whether a message on trunk, as it came from git, claims anything but its pull request.

        It is asked of every commit of a history, so it looks for nothing but pieces of words.
        What it picks matters of a release branch alone, whose few messages are read without this.
        """
        if self._closing or (not title.endswith(")") and _RESOLVED_BYTES in body):
            return True
        if b"evert" in body or b"eland" in body:
            return True
        if b"(cherry picked from" in body or b"Differential Revision" in body:
            return True
        low = title.lower()
        if "revert" in low or "back" in low:
            return True
        return "land" in low or "appl" in low or "submit" in low

    def pulls(self, title: str, body: str) -> tuple[int, ...]:
        """The pull requests that a commit landed by: its squash's number, and what it resolved."""
        own = own_number(title)
        found = [] if own is None else [own]
        if title.startswith("Merge pull") and (merged := _MERGED_PULL.re.match(title)):
            found.append(int(merged[1]))
        if _RESOLVED in body:
            for line in _RESOLVED_LINE.re.findall(body):
                found += [n for n in self._numbers(line) if n not in found]
        return tuple(found)

    def claims(self, title: str, body: str) -> Claims:
        """What the message says of other commits; `NO_CLAIMS` for nearly all of them."""
        low = title.lower()
        reverting = "evert" in body or "revert" in low or "back" in low or "unland" in low
        relanding = "eland" in body or "e-land" in body or "land" in low or "appl" in low
        relanding = relanding or "submit" in low or "unrevert" in low or "un-revert" in low
        picking = "herry" in body or "ackport" in body or "cherry" in low or "backport" in low
        diff = _DIFF.re.search(body) if "Differential Revision" in body else None
        closes = self._closes(title, body) if self._closing else ()
        if not (reverting or relanding or picking or diff or closes):
            return NO_CLAIMS
        if "\r" in body:
            body = body.replace("\r\n", "\n")
        if "```" in body or "~~~" in body:
            body = _FENCED.re.sub("", body)
        revert = _REVERT_TITLE.re.match(title) if reverting else None
        reland = _reland(title) if relanding else None
        return Claims(
            picked_from=_picked_from(body) if picking else (),
            picked_pulls=self._picked(title, body, revert) if picking else (),
            undoes=self._undoes(revert, body) if reverting else NOTHING,
            brings_back=self._brings_back(reland, body, revert) if relanding else NOTHING,
            is_revert=revert is not None and reland is None,
            is_reland=reland is not None,
            diff=int(diff[1]) if diff else None,
            closes=closes,
        )

    def _undoes(self, title: re.Match[str] | None, body: str) -> Named:
        if title is None and not _REVERTING_LINE.re.search(body):
            return NOTHING
        shas = [sha for rest in _REVERTED_COMMITS.re.findall(body) for sha in _SHA.re.findall(rest)]
        original = "Original " in body
        diffs = _ORIGINAL_DIFF.re.findall(body) if original else []
        pulls = self._numbers_behind(_REVERTED_PULL, body)
        if "following" in body.lower():
            for listed in _REVERTED_LIST.re.findall(body):
                pulls += self._numbers(listed)
        if title is None:
            return Named(tuple(shas), tuple(pulls))
        shas += _ORIGINAL_SHA.re.findall(body) if original else []
        rest = title["rest"]
        inner = quoted(rest)
        if diff := _REVERT_DIFF.re.match(rest):
            diffs.append(diff[1])
            inner = rest[diff.end() :].lstrip(": ")
        if not pulls and (own := own_number(inner)) is not None:
            pulls.append(own)
        if not pulls and (leading := _LEADING_PULL.re.match(rest)):
            pulls += self._ours([_REFERENCE.re.match(rest, leading.end())])
        return Named(
            tuple(dict.fromkeys(shas)),
            tuple(dict.fromkeys(pulls)),
            tuple(map(int, diffs)),
            telling(plain(inner)),
            "" if inner else telling(plain(rest)),
        )

    def _brings_back(self, title: str | None, body: str, revert: re.Match[str] | None) -> Named:
        if revert is not None and title is None:  # "will be relanded as #n" brings nothing back
            return NOTHING
        pulls = self._numbers_behind(_RELAND_BODY, body)
        if title is None:
            return Named(pulls=tuple(pulls))
        if (own := own_number(title)) is not None:
            pulls.append(own)
        return Named(
            tuple(_ORIGINAL_SHA.re.findall(body)),
            tuple(dict.fromkeys(pulls)),
            title=telling(plain(title)),
            guess=telling(plain(_LEADING_TAGS.re.sub("", title))),
        )

    def _picked(self, title: str, body: str, revert: re.Match[str] | None) -> tuple[int, ...]:
        """Numbers beside pick words: in the title, on the line that says so, or in a list."""
        told = title if revert is None else ""
        found = self._numbers(told) if _PICKING.re.search(told) else []
        lines = [line for line in body.splitlines() if _PICKING.re.search(line)]
        for line in lines:
            found += self._numbers(line)
        if lines or found or _PICKING.re.search(told):
            found += self._ours(map(_REFERENCE.re.fullmatch, _BULLET.re.findall(body)))
        return tuple(dict.fromkeys(found))

    def _closes(self, title: str, body: str) -> tuple[int, ...]:
        text = f"{title}\n{body}"
        return tuple(dict.fromkeys(self._numbers_behind(_CLOSES, text)))

    def _numbers_behind(self, lead: Lazy, text: str) -> list[int]:
        """What is referred to right behind each place that `lead` matches."""
        leads = lead.re.finditer(text)
        return self._ours(_REFERENCE.re.match(text, found.end()) for found in leads)

    def _numbers(self, text: str) -> list[int]:
        return self._ours(_REFERENCE.re.finditer(text))

    def _ours(self, references: Iterable[re.Match[str] | None]) -> list[int]:
        """The numbers of references that there are, but for those to other repositories."""
        return [
            int(found["n"])
            for found in references
            if found and not (found["repo"] and self._own and found["repo"].casefold() != self._own)
        ]


def own_number(title: str) -> int | None:
    """The number of the pull request that a title ends with."""
    title = title.rstrip()
    if not title.endswith(")"):
        return None
    digits = title[title.rfind("(#") + 2 : -1]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def title_pulls(title: str) -> tuple[int, ...]:
    """Every `(#n)` of a title that is not within quotes, which speak of another commit."""
    return tuple(map(int, _BRACKETED_NUMBER.re.findall(_QUOTED.re.sub("", title))))


def quoted(text: str) -> str:
    """What stands between the outermost quotes; empty without them."""
    found = _QUOTED.re.search(text)
    return found[1] if found else ""


def plain(title: str) -> str:
    """A title to compare by: without its pull request numbers, case, and marks around it."""
    while title.endswith(")") and title[(at := title.rfind("(#")) + 2 : -1].isdigit():
        title = title[:at].rstrip()
    return " ".join(title.split()).casefold().strip(' .#"“”')


def plain_pick(title: str) -> str:
    """A title to compare by, also without what picks are marked with."""
    text = _TAIL.re.sub("", title)
    while text != (shorter := _PICK_PREFIX.re.sub("", text, count=1)):
        text = shorter
    return plain(_BARE_NUMBER.re.sub("", text))


def is_release_only(title: str, line: str = "") -> bool:
    """Whether a title says that a commit is for its release branch alone.

    One that sets a version of its own `line` (such as 2.15), and is no pick, says so too.
    """
    if _RELEASE_ONLY.re.match(title):
        return True
    sets = _SETS_VERSION.re.match(title) if line and line in title else None
    return sets is not None and sets["line"] == line and not says_pick(title)


def says_pick(title: str) -> bool:
    """Whether a title says that its commit is a pick."""
    return _PICKING.re.search(title) is not None


def telling(title: str) -> str:
    """A plain title, or nothing where it is one that says nothing of its commit."""
    verb, _, rest = title.partition(" ")
    if title in _SAYS_NOTHING or (verb == "merge" and rest):
        return ""
    return "" if verb in _OF_ONE_FILE and rest and " " not in rest else title


def _picked_from(body: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(TRAILER.re.findall(body))) if "(cherry picked" in body else ()


def _reland(title: str) -> str | None:
    """What a title says it brings back; None when it brings nothing back."""
    low = title.lower().replace("-", "")
    if not any(word in low for word in _RELAND_WORDS):
        return None
    verb = _RELAND_TITLE.re.match(title)
    if verb:
        return quoted(verb["rest"]) or verb["rest"]
    tagged = _RELAND_TAG.re.sub("", title)
    return tagged if tagged != title else None
