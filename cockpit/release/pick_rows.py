"""Makes the rows of the cherry-pick queue of all that tells of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate
from cockpit.release.commits import short
from cockpit.release.criteria import Criterion, judge_rule, phase_on, read_criterion
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Answer, Nomination, Verdict, each_once
from cockpit.release.picks import AUTOMATED, Pick, PickReading, PickState, PullSummary
from cockpit.release.prediction import Prediction
from cockpit.release.repos import Repository
from cockpit.release.schedule import Schedule
from cockpit.release.trunk import BranchChange, Finding, FindingKind, TrunkChange, TrunkReading


class QueueFacts(msgspec.Struct, frozen=True):
    """What a queue is made of, beside what GitHub says about it."""

    repository: Repository
    branch: BranchState | None = None
    trunk: TrunkReading | None = None
    predictions: Mapping[str, Prediction] = {}
    """By the commit of trunk."""
    proposed: Mapping[str, Prediction] = {}
    """By the head of the pull request."""
    decisions: tuple[Answer, ...] = ()
    """The ledger's own; the newest word about a pull request counts, wherever it was said."""
    schedule: Schedule = Schedule()
    dead: Callable[[str], bool] = lambda _: False
    """Whether a candidate's tag was declared a dud, and so contains nothing."""


def queue(reading: PickReading, facts: QueueFacts) -> tuple[Pick, ...]:
    """The queue: nominations in order, pulls that nobody nominated, then what was found."""
    return tuple(_Builder(reading, facts).rows())


class _Source(NamedTuple):
    """What tells of one change: at least one of these."""

    nomination: Nomination | None = None
    pull: PullSummary | None = None
    finding: Finding | None = None

    @property
    def release_pull(self) -> int | None:
        """The pull request into the branch, which may be named and not be there."""
        if self.pull is not None:
            return self.pull.number
        return self.nomination.release_pull if self.nomination else None

    @property
    def author(self) -> str:
        """Who nominated it, else who opened the pull request."""
        named = self.nomination or self.pull
        return named.author if named else ""

    @property
    def url(self) -> str:
        """Where a person reads about it."""
        return next((s.url for s in (self.pull, self.nomination, self.finding) if s), "")

    @property
    def criterion(self) -> Criterion:
        """By what it would be picked."""
        if self.nomination is not None:
            return read_criterion(self.nomination.category)
        if self.finding is not None and self.finding.kind is FindingKind.MISSING_REVERT:
            return Criterion.REVERT
        return Criterion.UNKNOWN

    def title(self, landed: tuple[TrunkChange, ...]) -> str:
        """What it is called where it goes, else where it is."""
        named = self.pull or self.finding or (landed[0] if landed else None)
        return named.title if named else ""

    def trunk_pulls(self, landed: tuple[TrunkChange, ...]) -> tuple[int, ...]:
        """The pull requests of trunk that it is of, the one named first before the others."""
        if self.nomination is not None and self.nomination.trunk_pulls:
            return self.nomination.trunk_pulls
        if self.pull is not None and self.pull.picked_pull is not None:
            return (self.pull.picked_pull,)
        numbers = [change.pull for change in landed]
        if self.finding is not None:
            numbers.append(self.finding.pull)
        return tuple(dict.fromkeys(number for number in numbers if number is not None))


class _Builder:
    def __init__(self, reading: PickReading, facts: QueueFacts) -> None:
        self._facts = facts
        self._nominations = reading.tracker.nominations if reading.tracker else ()
        self._pulls = {pull.number: pull for pull in reading.pulls}
        self._answers: dict[int, list[Answer]] = {}
        said = reading.tracker.answers if reading.tracker else ()
        for answer in sorted((*said, *facts.decisions), key=lambda a: a.posted_at):
            self._answers.setdefault(answer.pull, []).append(answer)
        found = facts.branch.candidates(facts.repository) if facts.branch else ()
        self._alive = tuple(c for c in found if not facts.dead(c.tag.name))
        commits = facts.branch.commits if facts.branch else ()
        self._position = {commit.sha: at for at, commit in enumerate(commits)}

    def rows(self) -> Iterator[Pick]:
        seen: set[int] = set()
        shas: set[str] = set()
        for key, source in self._nominated().items():
            row = self._row(key, source)
            seen.update({*row.trunk_pulls, row.release_pull} - {None})  # type: ignore[arg-type]
            shas.update(change.sha for change in row.landed)
            yield row
        for pull in self._pulls.values():
            counts = pull.state == "open" or pull.merged_sha
            if pull.number not in seen and counts and not pull.head_ref.startswith(AUTOMATED):
                row = self._row(f"pull-{pull.number}", _Source(pull=pull))
                seen.update({*row.trunk_pulls, pull.number})
                shas.update(change.sha for change in row.landed)
                yield row
        for finding in self._facts.trunk.findings if self._facts.trunk else ():
            if finding.commit not in shas and (finding.pull is None or finding.pull not in seen):
                shas.add(finding.commit)
                yield self._row(f"commit-{finding.commit}", _Source(finding=finding))

    def _nominated(self) -> dict[str, _Source]:
        """Each change once, with its newest nomination, where its first one stands."""
        picking = self._picking()
        found: dict[str, _Source] = {}
        for nomination in self._nominations:
            number = nomination.release_pull
            revert = read_criterion(nomination.category) is Criterion.REVERT
            if number is None and nomination.trunk_pull is not None and not revert:
                number = picking.get(nomination.trunk_pull)
            named = f"pull-{number or nomination.trunk_pull}"
            if number is None and revert:
                named = f"revert-{nomination.trunk_pull}"
            if number is None and nomination.trunk_pull is None:
                named = f"commit-{nomination.trunk_commits[0]}"
            found[named] = _Source(nomination, self._pulls.get(number or -1))
        return found

    def _picking(self) -> dict[int, int]:
        """Trunk pull request → the one pull request into the branch that picks it."""
        found: dict[int, list[int]] = {}
        for nomination in self._nominations:
            if nomination.release_pull is not None and len(nomination.trunk_pulls) == 1:
                found.setdefault(nomination.trunk_pulls[0], []).append(nomination.release_pull)
        for pull in self._pulls.values():
            if pull.picked_pull is not None and (pull.state == "open" or pull.merged_sha):
                found.setdefault(pull.picked_pull, []).append(pull.number)
        return {trunk: pulls[0] for trunk, pulls in found.items() if len(set(pulls)) == 1}

    def _row(self, key: str, source: _Source) -> Pick:
        facts, nomination, pull = self._facts, source.nomination, source.pull
        landed = self._landed(source)
        trunk_pulls = source.trunk_pulls(landed)
        answers = self._answers_about((source.release_pull, *trunk_pulls))
        there = self._on_branch(source, landed)
        merged_sha = (pull and pull.merged_sha) or (there.commit if there else None)
        finding = source.finding or self._finding(landed, merged_sha)
        candidate = self._first_candidate(merged_sha)
        undone_by = there.undone_by if there else ""
        posted = nomination.posted_at if nomination else None
        phase = phase_on(posted.date(), facts.schedule) if posted else None
        closes = facts.schedule.picks_close
        return Pick(
            key=key,
            trunk_pulls=trunk_pulls,
            release_pull=source.release_pull,
            title=source.title(landed),
            author=source.author,
            category=nomination.category if nomination else "",
            state=_state(pull, answers, candidate, merged_sha, undone_by, nomination),
            nominated=nomination is not None,
            candidate=candidate,
            url=source.url,
            criterion=source.criterion,
            rule=judge_rule(source.criterion, phase, facts.repository.version),
            issue=(nomination.issue if nomination else "") or (finding.issue if finding else ""),
            posted_at=posted,
            nomination_url=nomination.url if nomination else "",
            edited_at=nomination.edited_at if nomination else None,
            late=bool(posted and closes and posted.date() > closes),
            landed=landed,
            answers=answers,
            pull=pull,
            predictions=self._predictions(landed),
            proposed=self._proposed(pull),
            merged_sha=merged_sha,
            undone_by=undone_by,
            still_there=self._still_there(merged_sha, undone_by),
            finding=finding,
            problems=tuple(self._problems(nomination, pull, landed, answers, finding)),
        )

    def _predictions(self, landed: tuple[TrunkChange, ...]) -> tuple[Prediction, ...]:
        found = (
            self._facts.predictions.get(change.sha) for change in sorted(landed, key=lambda c: c.at)
        )
        return tuple(prediction for prediction in found if prediction is not None)

    def _proposed(self, pull: PullSummary | None) -> Prediction | None:
        if pull is None or not pull.is_open_into(self._facts.repository.release_branch):
            return None
        return self._facts.proposed.get(pull.head_sha)

    def _answers_about(self, numbers: Iterable[int | None]) -> tuple[Answer, ...]:
        said = (
            answer
            for number in dict.fromkeys(numbers)
            for answer in self._answers.get(number or -1, ())
        )
        return each_once(said)

    def _landed(self, source: _Source) -> tuple[TrunkChange, ...]:
        nomination, pull, finding = source
        trunk = self._facts.trunk
        if trunk is None:
            return ()
        numbers = list(nomination.trunk_pulls) if nomination else []
        if pull and pull.picked_pull and not numbers:
            numbers = [pull.picked_pull]
        found = [trunk.by_pull[number] for number in numbers if number in trunk.by_pull]
        if (pull and pull.picks_revert) or (not pull and source.criterion is Criterion.REVERT):
            reverts = (trunk.change(change.undone_by) for change in found if change.undone_by)
            found = [change for change in reverts if change is not None] or found
        shas = list(nomination.trunk_commits) if nomination else []
        if pull and not (found or shas):
            shas = [p.trunk for p in trunk.picks if p.commit == pull.merged_sha and p.trunk]
            shas = shas or trunk.titled(pull.title)
        if finding is not None:
            shas.append(finding.commit)
        found += [change for sha in shas if (change := trunk.change(sha))]
        return tuple({change.sha: change for change in found}.values())

    def _on_branch(self, source: _Source, landed: tuple[TrunkChange, ...]) -> BranchChange | None:
        """The branch's commit of a change: of its pull request, else of trunk's commit."""
        _, pull, finding = source
        trunk = self._facts.trunk
        if trunk is None:
            return None
        sha = pull.merged_sha if pull is not None else None
        if finding is not None and finding.kind is FindingKind.NEVER_LANDED:
            sha = finding.commit
        if sha is not None:
            return next((pick for pick in trunk.picks if pick.commit == sha), None)
        found = [trunk.on_branch.get(change.sha) for change in landed]
        return found[0] if found and all(found) else None

    def _finding(self, landed: tuple[TrunkChange, ...], merged_sha: str | None) -> Finding | None:
        """What was found about a change that somebody has brought up already."""
        shas = {merged_sha, *(change.sha for change in landed)}
        findings = self._facts.trunk.findings if self._facts.trunk else ()
        return next((finding for finding in findings if finding.commit in shas), None)

    def _still_there(self, merged_sha: str | None, undone_by: str) -> bool | None:
        if merged_sha is None or self._facts.branch is None:
            return None
        return not undone_by and merged_sha in self._position

    def _first_candidate(self, merged_sha: str | None) -> str | None:
        """The first candidate whose history holds the commit."""
        at = self._position.get(merged_sha or "")
        if at is None:
            return None
        return next((c.tag.name for c in self._alive if self._holds(c, at)), None)

    def _holds(self, candidate: Candidate, at: int) -> bool:
        tagged = self._position.get(candidate.commit_sha)
        return tagged is not None and tagged <= at

    def _problems(
        self,
        nomination: Nomination | None,
        pull: PullSummary | None,
        landed: tuple[TrunkChange, ...],
        answers: tuple[Answer, ...],
        finding: Finding | None,
    ) -> Iterator[str]:
        facts = self._facts
        if pull is not None:
            yield from self._problems_of(pull, answers)
        elif nomination is not None and nomination.release_pull is not None:
            yield f"#{nomination.release_pull} could not be found among the pull requests"
        for change in landed:
            if change.undone_by:
                yield f"{short(change.sha)} was reverted on trunk by {short(change.undone_by)}"
        if nomination is not None and facts.trunk is not None:
            for number in nomination.trunk_pulls:
                if number not in facts.trunk.by_pull:
                    yield f"#{number} has not landed on trunk since the cut"
            for sha in nomination.trunk_commits:
                if facts.trunk.change(sha) is None:
                    yield f"{short(sha)} is not on trunk since the cut"
        if finding is not None and finding.kind is FindingKind.NEVER_LANDED:
            yield "never landed on trunk"

    def _problems_of(self, pull: PullSummary, answers: tuple[Answer, ...]) -> Iterator[str]:
        """What is wrong with the pull request into the branch."""
        facts = self._facts
        if pull.base and pull.base != facts.repository.release_branch:
            yield f"#{pull.number} targets {pull.base}, not {facts.repository.release_branch}"
        denied = bool(answers) and answers[-1].verdict is Verdict.DENIED
        if pull.state == "closed" and not (pull.merged_sha or denied):
            yield f"#{pull.number} was closed without being merged"
        if pull.draft and pull.state == "open":
            yield f"#{pull.number} is a draft"
        approved = [a.posted_at for a in answers if a.verdict is Verdict.APPROVED]
        if pull.forced_at and pull.state == "open":
            after = " after its approval" if approved and approved[-1] < pull.forced_at else ""
            yield f"#{pull.number} was force-pushed{after}"
        merged = pull.merged_sha
        if merged and facts.branch is not None and merged not in self._position:
            yield f"{short(merged)}, which was merged, is not on the branch"


def _state(
    pull: PullSummary | None,
    answers: tuple[Answer, ...],
    candidate: str | None,
    merged_sha: str | None,
    undone_by: str,
    nomination: Nomination | None,
) -> PickState:
    if undone_by:
        return PickState.REVERTED
    if candidate:
        return PickState.IN_CANDIDATE
    if merged_sha:
        return PickState.MERGED
    verdicts = [answer.verdict for answer in answers if answer.verdict is not Verdict.UNDER_REVIEW]
    verdict = verdicts[-1] if verdicts else None
    if pull and pull.state == "closed" and verdict in (None, Verdict.APPROVED):
        return PickState.SUPERSEDED
    if verdict is Verdict.APPROVED:
        green = pull and pull.checks and pull.checks.state is JobState.PASSED
        return PickState.READY if green else PickState.APPROVED
    if verdict is not None:
        return PickState.DENIED if verdict is Verdict.DENIED else PickState.NEEDS_INFO
    if answers:
        return PickState.UNDER_REVIEW
    return PickState.FOUND if nomination is None else PickState.NOMINATED
