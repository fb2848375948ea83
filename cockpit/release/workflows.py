"""Workflows started by hand: their typed inputs, and the one switch that makes them act.

Process section 21: some workflows are told `dryrun`, others `dry_run`, others `apply`, which means
the opposite. A `LiveSwitch` says which word makes each of them act.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum

import msgspec

from cockpit.release.dispatches import WorkflowCall

Default = str | bool | int | float


class InputType(Enum):
    """What an input takes; everything is sent as text."""

    STRING = "string"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    NUMBER = "number"


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of a workflow."""

    name: str
    type: InputType = InputType.STRING
    default: Default | None = None
    """May hold {version}, {line} and {candidate}; without one the workflow's own default counts."""
    options: tuple[str, ...] = ()
    required: bool = False

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        match self.type:
            case InputType.CHOICE:
                return f"one of {', '.join(self.options)}"
            case InputType.BOOLEAN:
                return "true or false"
            case InputType.NUMBER:
                return "a number"
            case InputType.STRING:
                return "one line of text"

    def problem(self, text: str) -> str:
        """Why a text is no value of this input; empty when it is one."""
        if self.required and not text:
            return f"{self.name} is missing: expected {self.expected}"
        if text and not self._takes(text):
            return f"{self.name} is {text!r}: expected {self.expected}"
        return ""

    def fits(self, default: str) -> bool:
        """Whether a default may be one: what is to be filled in shows only later."""
        return not default or "{" in default or self._takes(default)

    def _takes(self, text: str) -> bool:
        match self.type:
            case InputType.CHOICE:
                return text in self.options
            case InputType.BOOLEAN:
                return text in ("true", "false")
            case InputType.NUMBER:
                return is_number(text)
            case InputType.STRING:
                return text.isprintable()

    def filled(self, words: Mapping[str, str]) -> str | None:
        """The default as it is sent; None where there is none, or a word of it is not known yet."""
        return None if self.default is None else filled(as_sent(self.default), words)


class LiveSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The input that tells a workflow to act or only to say what it would do."""

    input: str
    live: str
    """What is sent to have it act: `disabled` for `dryrun`, `true` for `apply`."""
    dry: str

    def word(self, *, live: bool) -> str:
        """The raw value that is sent."""
        return self.live if live else self.dry


class WorkflowSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[workflows]]`: a workflow that the cockpit may start."""

    id: str
    title: str
    repository: str
    """`owner/name`."""
    file: str
    ref: str = "main"
    """The branch or tag it runs on; may hold {version}, {line} and {candidate}."""
    inputs: tuple[InputSpec, ...] = ()
    """All but the one of `live`."""
    live: LiveSwitch | None = None
    """Without it there is no dry run: whatever it does, it does."""
    irreversible: bool = False
    """Whether what it does, when it acts, cannot be taken back."""
    dry_run_first: bool = False
    """Whether it may only act after a dry run with the same inputs passed; section 17.3."""

    def acts(self, *, live: bool) -> bool:
        """Whether a start does more than say what it would do."""
        return live or self.live is None

    def runs_on(self, words: Mapping[str, str]) -> str:
        """The branch or tag it runs on, empty while that is not known."""
        return filled(self.ref, words) or ""

    def call(
        self, given: Mapping[str, str], words: Mapping[str, str], *, live: bool, ref: str = ""
    ) -> WorkflowCall:
        """Everything that is sent, the switch always among it; raises ValueError for what is wrong.

        `words` are what {version}, {line} and {candidate} stand for. The message names every wrong
        input and what was expected.
        """
        problems = [*self._unknown(given, live=live)]
        sent: dict[str, str] = {}
        for spec in self.inputs:
            value = given.get(spec.name, spec.filled(words))
            if value is None and spec.default is not None:
                problems.append(f"{spec.name} is not known yet: {spec.default} has no value")
            elif problem := spec.problem(value or ""):
                problems.append(problem)
            elif value is not None:
                sent[spec.name] = value
        where = ref or self.runs_on(words)
        if not where:
            problems.append(f"its branch is not known yet: {self.ref} has no value")
        if problems:
            raise ValueError("; ".join(problems))
        if self.live is not None:
            sent[self.live.input] = self.live.word(live=live)
        return WorkflowCall(self.repository, self.file, where, sent)

    def stated(self, given: Mapping[str, str], *, live: bool) -> dict[str, str]:
        """What a person says a run was started with; raises ValueError for what cannot be."""
        problems = [*self._unknown(given, live=live)]
        specs = {spec.name: spec for spec in self.inputs}
        problems += [
            problem
            for name, text in given.items()
            if name in specs and (problem := specs[name].problem(text))
        ]
        if problems:
            raise ValueError("; ".join(problems))
        switch = {self.live.input: self.live.word(live=live)} if self.live else {}
        return {**given, **switch}

    def rehearsed(self, inputs: Mapping[str, str], sent: Mapping[str, str]) -> bool:
        """Whether `inputs` are the dry run of what is sent."""
        if self.live is None:
            return False
        return dict(inputs) == {**sent, self.live.input: self.live.dry}

    def problems(self) -> Iterator[str]:
        """What is wrong with the table itself."""
        names = [spec.name for spec in self.inputs]
        if self.live is not None:
            names.append(self.live.input)
        elif self.dry_run_first:
            yield "dry_run_first needs live, which says how it is told to act"
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{name} is named {count} times"
        for spec in self.inputs:
            if bool(spec.options) is not (spec.type is InputType.CHOICE):
                yield f"{spec.name}: a choice has options, and nothing else has"
            elif spec.default is not None and not spec.fits(as_sent(spec.default)):
                yield f"{spec.name}: its default is not {spec.expected}"

    def _unknown(self, given: Mapping[str, str], *, live: bool) -> Iterator[str]:
        """Names that it does not have, and a switch that it is not told by."""
        known = [spec.name for spec in self.inputs]
        for name in given:
            if self.live is not None and name == self.live.input:
                yield f"{name} is told by --live: {self.live.live} with it, {self.live.dry} without"
            elif name not in known:
                names = ", ".join(known) or "none"
                yield f"{self.file} has no input {name!r} in the config: there is {names}"
        if live and self.live is None:
            yield f"{self.file} has no dry run, so there is no live form of it either"


def filled(text: str, words: Mapping[str, str]) -> str | None:
    """A text with its {words} filled in; None where one of them has no value yet."""
    for word, value in words.items():
        if not value and f"{{{word}}}" in text:
            return None
        text = text.replace(f"{{{word}}}", value)
    return text


def as_sent(value: Default) -> str:
    """A value as GitHub is told it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def named_inputs(given: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; raises ValueError for one that is none, or given twice."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValueError(f"{text!r} is no NAME=VALUE")
        if name in found:
            raise ValueError(f"{name} is given twice")
        found[name] = value
    return found
