"""Nominations in the odd shapes that people give them, each of a change of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cockpit.rehearsal.history import BranchPull
from cockpit.rehearsal.messages import CORE_URL, issue_url, pull_url
from cockpit.rehearsal.people import ADA, PYTORCH_BOT, REVIEWER
from cockpit.rehearsal.tracker import Remark, nomination

HUGE = 64_000
"""How long the longest comment is; GitHub takes 65,536 characters."""
_AFTER = timedelta(minutes=11)


@dataclass(frozen=True, slots=True)
class Said:
    """What a nomination means, whatever its shape."""

    criterion: str = "regression"
    state: str = "nominated"
    issue: int | None = None
    target: str = ""
    """The branch that its pull request targets, where that is not the release branch."""


def remarks(pulls: Sequence[BranchPull]) -> Iterator[Remark]:
    """The comments that nominate these changes; a pair shares one."""
    by_shape = {pull.shape: pull for pull in pulls}
    for shape, write in SHAPES.items():
        if shape in by_shape:
            yield from write(by_shape[shape], by_shape)


def title(pull: BranchPull) -> str:
    """The title of its pull request."""
    if pull.shape == "hostile":
        return f"\x1b]0;owned\x07[red]{pull.title}[/red] \x1b[2J\u202e [link=x]"
    return pull.title


def said(pull: BranchPull) -> Said:
    """What the nomination of a change means."""
    special = {
        "other repository": Said("documentation"),
        "in two": Said("critical fix"),
        "answered by mention": Said("critical fix", "approved"),
        "edited": Said("critical fix"),
        "quoted and fenced": Said("compile fix"),
        "hostile": Said("critical fix", issue=190_000),
        "bold": Said("tests or CI"),
        "retargeted": Said(target="main"),
        "closed": Said(state="superseded"),
        "several numbers": Said("fix to a new feature"),
        "bot without issue": Said("documentation"),
    }
    return special.get(pull.shape, Said())


def _plain(pull: BranchPull, _: object) -> Iterator[Remark]:
    yield _by_author(pull, _form(pull, "Regression fix"))


def _without_bullets(pull: BranchPull, _: object) -> Iterator[Remark]:
    form = _form(pull, "Regression fix").replace("* ", "")
    yield _by_author(pull, f"Hello,\n\nplease take this one:\n\n{form}\nThanks! cc @{ADA.login}\n")


def _numbers(pull: BranchPull, _: object) -> Iterator[Remark]:
    text = f"* #{_source(pull)} (landed on Tuesday)"
    form = _form(pull, "Regression fix").replace(f"* {pull_url(_source(pull))}", text)
    yield _by_author(pull, form.replace(pull_url(pull.number), f"#{pull.number}"))


def _commit_link(pull: BranchPull, _: object) -> Iterator[Remark]:
    link = f"{CORE_URL}/commit/{pull.sources[0].sha[:12]}"
    yield _by_author(pull, nomination([link], pull_url(pull.number), "Regression fix"))


def _other_repository(pull: BranchPull, _: object) -> Iterator[Remark]:
    links = [pull_url(12, "pytorch/vision"), "pytorch/audio#12", pull_url(_source(pull))]
    release = f"{pull_url(34, 'pytorch/vision')} and {pull_url(pull.number)}"
    yield _by_author(pull, nomination(links, release, "Docs"))


def _two_in_one(pull: BranchPull, by_shape: dict[str, BranchPull]) -> Iterator[Remark]:
    other = by_shape["in two"]
    yield _by_author(other, f"{_form(pull, 'Regression')}\n---\n\n{_form(other, 'Critical fix')}")


def _in_two(_: BranchPull, __: object) -> Iterator[Remark]:
    """Nothing of its own: the comment of `two in one` nominates it."""
    yield from ()


def _answered_by_mention(pull: BranchPull, _: object) -> Iterator[Remark]:
    at = pull.opened_at + _AFTER
    yield Remark(REVIEWER.login, _form(pull, "Critical: crashes at import"), at)
    yield Remark(ADA.login, f"@{REVIEWER.login} approved, thank you", at + timedelta(hours=2))


def _prefix(pull: BranchPull, _: object) -> Iterator[Remark]:
    source = _source(pull)
    intro = f"Not to be confused with #{source}7 or {pull_url(int(f'{pull.number}3'))}:\n\n"
    yield _by_author(pull, intro + _form(pull, "Regression fix"))


def _edited(pull: BranchPull, _: object) -> Iterator[Remark]:
    remark = _by_author(pull, _form(pull, "Critical fix: a deadlock"))
    yield Remark(remark.by, remark.body, remark.at, edited_at=remark.at + timedelta(hours=3))


def _quoted_and_fenced(pull: BranchPull, _: object) -> Iterator[Remark]:
    quoted = "".join(f"> {line}\n" for line in nomination(["#1"], "#2", "Docs").splitlines())
    fenced = f"```text\n{nomination(['#3'], '#4', 'Docs')}```\n"
    hidden = f"<!--\n{nomination(['#5'], '#6', 'Docs')}-->\n"
    form = _form(pull, "Compilation fix for gcc 15")
    yield _by_author(pull, f"{quoted}\n{form}\n{fenced}\n{hidden}")


def _huge(pull: BranchPull, _: object) -> Iterator[Remark]:
    log = "RuntimeError: expected a tensor on cuda:0, found cpu:0 \n"
    form = _form(pull, "Regression fix")
    yield _by_author(pull, f"{log * ((HUGE - len(form)) // len(log))}\n{form}")


def _hostile(pull: BranchPull, _: object) -> Iterator[Remark]:
    text = f"[red]Critical[/red] \x1b[31mfix\x1b[0m of {issue_url(190_000)} \u202eevil\u202c"
    yield _by_author(pull, f"\x1b[2J[/]\n{_form(pull, text)}")


def _bold(pull: BranchPull, _: object) -> Iterator[Remark]:
    form = _form(pull, "Test/CI fix").replace("Link to", "### **link TO").replace(":\n", ":**\n")
    yield _by_author(pull, form.replace("* http", "- http").replace("\n", "\r\n"))


def _twice(pull: BranchPull, _: object) -> Iterator[Remark]:
    first = _by_author(pull, nomination([pull_url(_source(pull))], "", "Docs"))
    yield first
    yield Remark(first.by, _form(pull, "Regression fix"), first.at + timedelta(hours=1))


def _several_numbers(pull: BranchPull, _: object) -> Iterator[Remark]:
    links = f"* {pull_url(_source(pull))}/files and {pull_url(_source(pull))}#issuecomment-1"
    form = _form(pull, "fixnewfeature").replace(f"* {pull_url(_source(pull))}", links)
    yield _by_author(pull, form)


def _bot_without_issue(pull: BranchPull, _: object) -> Iterator[Remark]:
    form = _form(pull, "Docs - ").replace("* Docs", "Docs")
    yield Remark(PYTORCH_BOT.login, form, pull.opened_at + _AFTER)


SHAPES: dict[str, Callable[[BranchPull, dict[str, BranchPull]], Iterator[Remark]]] = {
    "without bullets": _without_bullets,
    "numbers": _numbers,
    "commit link": _commit_link,
    "other repository": _other_repository,
    "two in one": _two_in_one,
    "in two": _in_two,
    "answered by mention": _answered_by_mention,
    "prefix": _prefix,
    "edited": _edited,
    "quoted and fenced": _quoted_and_fenced,
    "huge": _huge,
    "hostile": _hostile,
    "bold": _bold,
    "twice": _twice,
    "several numbers": _several_numbers,
    "bot without issue": _bot_without_issue,
    "retargeted": _plain,
    "closed": _plain,
    "draft": _plain,
}
"""Every odd shape; `in two` is nominated in the comment of `two in one`."""


def _form(pull: BranchPull, text: str) -> str:
    return nomination([pull_url(_source(pull))], pull_url(pull.number), text)


def _source(pull: BranchPull) -> int:
    return pull.sources[0].number


def _by_author(pull: BranchPull, body: str) -> Remark:
    return Remark(pull.author.login, body, pull.opened_at + _AFTER)
