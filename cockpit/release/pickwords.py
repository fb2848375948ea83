"""What is written about picks on GitHub: process sections 12.2, 12.5 to 12.10 and 12.16."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from cockpit.release.nominations import (
    Answer,
    Comment,
    Nomination,
    Verdict,
    read_answers,
    read_nominations,
    without_references,
)
from cockpit.release.versions import Line

CLASSIFICATIONS = ("regression", "critical", "fixnewfeature", "docs", "release")
"""The bot's words for why something is picked; section 12.3."""
_WANT_ISSUES = ("regression", "critical", "fixnewfeature")
_MARK = re.compile(r"<!-- release-cockpit (?P<what>[^>]*?) -->")
_ASKS = re.compile(r"(?:could you|please (?:add|clarify|explain))\b", re.IGNORECASE)
_BOT = re.compile(
    r"@pytorchbot cherry-pick --onto release/\d+\.\d+ -c (?:" + "|".join(CLASSIFICATIONS) + r")"
    r"(?: --fixes https?://[^\s\"']+)?"
)
_TRAILER_LINE = re.compile(r"[A-Za-z0-9-]+[ \t]*:")
_GENERATED = ("Signed-off-by: ", "(cherry picked from commit ")


def marked(body: str, what: str) -> str:
    """A comment that is found again by what it is, which nobody sees."""
    return f"{body.rstrip()}\n\n<!-- release-cockpit {what} -->"


def mark_of(body: str) -> str:
    """What a comment of the cockpit's says that it is; empty for anybody else's."""
    found = _MARK.search(body)
    return found["what"] if found else ""


def without_mark(body: str) -> str:
    """A comment as GitHub shows it: without what nobody sees of ours."""
    return _MARK.sub("", body).rstrip()


def decision_text(verdict: Verdict, words: str, quoted: Sequence[str], repository: str) -> str:
    """A release manager's comment: what it is about as a quote, then the verdict on a line.

    Pull requests that the words name are not linked: the verdict would count for them as well.
    """
    said = without_references(_plain(words), repository)
    match verdict:
        case Verdict.APPROVED:
            line = f"Approved: {said}" if said else "Approved"
        case Verdict.DENIED:
            line = f"Denied: {said}"
        case _:
            line = said if _ASKS.match(said) else f"Could you {said}"
    return "\n".join([*(f"> {text}".rstrip() for text in quoted), "", line])


def _plain(words: str) -> str:
    """On one line, and with nothing that hides what follows."""
    return " ".join(re.sub(r"<!--|-->", " ", words).split())


def quoted_links(trunk: Sequence[str], release: str) -> tuple[str, ...]:
    """The lines of a nomination that say what it is about."""
    lines: list[str] = []
    if trunk:
        lines += ["Link to landed trunk PR (if applicable):", *(f"* {url}" for url in trunk)]
    if release:
        lines += [*([""] if lines else []), "Link to release branch PR:", f"* {release}"]
    return tuple(lines)


def answers_in(body: str, repository: str, comment: Comment) -> tuple[Answer, ...]:
    """How a comment would be read, if a release manager posted it."""
    return read_answers(
        [msgspec.structs.replace(comment, body=body)], repository, (comment.author,)
    )


def said_since(answer: Answer, label: str) -> str:
    """A verdict that came after a plan was made, and stands in its way."""
    where = f": {answer.url}" if answer.url else ""
    return f"{answer.author} has said of {label} since: {answer.verdict.value}{where}"


def nomination_text(trunk: Sequence[str], release: str, category: str) -> str:
    """A nomination in the exact lines of section 12.10."""
    links = "\n".join(f"* {url}" for url in trunk) or "*"
    return (
        f"Link to landed trunk PR (if applicable):\n{links}\n\n"
        f"Link to release branch PR:\n* {release}\n\nCriteria Category:\n* {_plain(category)}"
    )


def nominates(
    comment: Comment, repository: str, pulls: Sequence[int], unopened: int | None = None
) -> Nomination | None:
    """The nomination in a comment that is about one of these pull requests.

    That of `unopened`, a trunk pull request, counts when it was made before there was a pick.
    """
    for nomination in read_nominations(comment, repository):
        if {*nomination.trunk_pulls, nomination.release_pull} & set(pulls):
            return nomination
        if nomination.release_pull is None and unopened in nomination.trunk_pulls:
            return nomination
    return None


def reply_text(
    number: int, url: str, category: str, issue: str = "", trackers: Sequence[str] = ()
) -> str:
    """The reply on the original pull request; section 12.8."""
    sentence = f"The cherry pick PR is at {url}"
    wanted = next((word for word in _WANT_ISSUES if word in category.lower()), None)
    if issue:
        sentence += f" and it is linked with issue {issue}."
    elif wanted:
        sentence += f" and it is recommended to link a {wanted} cherry pick PR with an issue."
    else:
        sentence += "."
    if trackers:
        listed = "\n".join(f"* {tracker}" for tracker in trackers)
        sentence += f" The following tracker issues are updated:\n{listed}"
    return f"### Cherry picking #{number}\n\n{sentence}"


def bot_request(branch: str, classification: str, fixes: str = "") -> str:
    """The line that has pytorchbot pick; raises ValueError where the bot would not take it."""
    line = f"@pytorchbot cherry-pick --onto {branch} -c {classification}"
    if fixes:
        line += f" --fixes {fixes}"
    if not _BOT.fullmatch(line):
        known = ", ".join(CLASSIFICATIONS)
        raise ValueError(
            f"{line!r} is not what the bot takes: --onto release/X.Y -c one of {known},"
            " and --fixes an address"
        )
    return line


def pick_branch(pull: int | None, commit: str, actor: str, line: Line | None = None) -> str:
    """The branch of a pick; with a line where the plain name serves another; section 12.6."""
    name = f"cherry-pick-{pull or 'g' + commit[:10]}-by-{re.sub(r'[^A-Za-z0-9]', '_', actor)}"
    return f"{name}-{line}" if line else name


def revert_branch(pull: int, line: Line) -> str:
    """The branch of a pick of what reverted a pull request; section 12.16."""
    return f"cherry-pick-revert-{pull}-{line}"


def picked_message(message: str, sha: str) -> str:
    """The message that `git cherry-pick -x` gives to a pick."""
    text = message if not message or message.endswith("\n") else f"{message}\n"
    gap = "" if _ends_in_trailers(text) else "\n"
    return f"{text}{gap}(cherry picked from commit {sha})\n"


def _ends_in_trailers(message: str) -> bool:
    """Whether git sees trailers at a message's end, which its own line joins; never a title.

    A paragraph is one when all of it are trailers, or a quarter and one is of git's own making.
    """
    paragraphs = re.split(r"\n[ \t]*\n", message.rstrip())
    if len(paragraphs) < 2:
        return False
    trailers = others = 0
    generated = False
    for line in paragraphs[-1].splitlines():
        if line.startswith(_GENERATED):
            generated = True
            trailers += 1
        elif _TRAILER_LINE.match(line):
            trailers += 1
        elif not (line[:1].isspace() and trailers):
            others += 1
    if not trailers:
        return False
    return not others or (generated and trailers * 3 >= others)
