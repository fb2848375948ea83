"""Choose a workflow of the config, and fill in its typed inputs before its plan is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.markup import escape
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Switch

from cockpit.release.dispatches import Dispatched
from cockpit.release.workflows import InputSpec, InputType, WorkflowSpec
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span
from screens.dialog import Dialog
from widgets.lines import WrappedLines

LIVE, FOLLOW, REF, AGAIN = "live", "no-follow", "ref", "again"


def workflow_provider(
    workflows: tuple[WorkflowSpec, ...], chosen: Callable[[WorkflowSpec], object]
) -> type[Provider]:
    """A provider for the command palette that offers workflows instead of actions."""

    class WorkflowProvider(Provider):
        """Finds workflows by title, file or repository; the palette reads markup in texts."""

        async def discover(self) -> Hits:
            """Every workflow, in the order of the config."""
            for spec in workflows:
                title, note = escape(spec.title), escape(_note(spec))
                yield DiscoveryHit(title, partial(chosen, spec), text=spec.title, help=note)

        async def search(self, query: str) -> Hits:
            """The workflows that match."""
            matcher = self.matcher(query)
            for spec in workflows:
                title, note = escape(spec.title), escape(_note(spec))
                score = max(matcher.match(title), matcher.match(note))
                if score > 0:
                    shown = matcher.highlight(title)
                    yield Hit(score, shown, partial(chosen, spec), text=spec.title, help=note)

    return WorkflowProvider


class WorkflowForm(Dialog[dict[str, str]]):
    """One row an input, the live switch last and off; it gives what `dispatch` is called with."""

    def __init__(
        self, spec: WorkflowSpec, words: Mapping[str, str], last: Dispatched | None, *, armed: bool
    ) -> None:
        """`words` fill in the defaults; `last` is the newest run that the ledger knows."""
        super().__init__()
        self._spec = spec
        self._words = words
        self._last = last
        self._armed = armed
        self._fields = tuple(_field(one, words) for one in spec.inputs)
        self._ref = Input(spec.runs_on(words), compact=True)
        self._again = Input(placeholder="only for the same inputs once more", compact=True)
        self._follow = Switch(value=True, animate=False)
        self._live = Switch(value=False, animate=False, id="live")
        self._words_of: dict[Switch, Label] = {}

    def compose(self) -> ComposeResult:
        """Every field begins with its default."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._spec.title
            yield WrappedLines(
                [Line((Span(text, Tone.DIM),)) for text in self._about()], id="sentence"
            )
            with VerticalScroll(id="body", can_focus=False, classes="form"):
                for spec, field in zip(self._spec.inputs, self._fields, strict=True):
                    yield self._row(spec.name, field)
                yield self._row("runs on", self._ref)
                yield self._row("once more, because", self._again)
                yield self._row("follow it", self._follow)
                if self._spec.live is not None:
                    yield self._row("LIVE", self._live, "live")
            with Horizontal(id="buttons"):
                yield Button("Cancel  esc", id="cancel", compact=True)
                yield Button("Go on to the plan", id="go-on", compact=True)

    def on_mount(self) -> None:
        """The first field has the focus, and every switch says what it stands for."""
        self.call_after_refresh(self.fit)
        for switch in self._words_of:
            self._say(switch)
        first = next(iter(self._fields), self._ref)
        first.focus()

    @property
    def given(self) -> dict[str, str]:
        """The inputs as they stand; what is empty and has no default is left to the workflow."""
        found = {}
        for spec, field in zip(self._spec.inputs, self._fields, strict=True):
            text = _text_of(field)
            if text or spec.default is not None:
                found[spec.name] = text
        return found

    @on(Switch.Changed)
    def _switched(self, event: Switch.Changed) -> None:
        self._say(event.switch)

    @on(Button.Pressed, "#go-on")
    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Go on to the plan when every input is one; nothing is asked of GitHub before."""
        given, ref = self.given, self._ref.value.strip()
        try:
            self._spec.call(given, self._words, live=self._live.value, ref=ref)
        except ValueError as err:
            self.notify(str(err), severity="warning", markup=False)
            return
        arguments = {
            "workflow": self._spec.id,
            "input": "\n".join(f"{name}={text}" for name, text in given.items()),
            REF: ref,
            AGAIN: self._again.value.strip(),
            LIVE: "yes" if self._live.value else "",
            FOLLOW: "" if self._follow.value else "yes",
        }
        self.dismiss({name: text for name, text in arguments.items() if text})

    def _about(self) -> Iterator[str]:
        spec, last = self._spec, self._last
        yield f"{spec.file} of {spec.repository}"
        if last is not None:
            yield f"last started on {last.at:%d %b %H:%M} UTC by {last.by}: run {last.run}"

    def _row(self, name: str, field: Widget, kind: str = "") -> Horizontal:
        parts: list[Widget] = [Label(name, markup=False, classes="name"), field]
        if isinstance(field, Switch):
            self._words_of[field] = Label("", markup=False)
            parts.append(self._words_of[field])
        return Horizontal(*parts, classes=f"row {kind}")

    def _say(self, switch: Switch) -> None:
        """Say in words what a switch stands for: a colour alone is not read."""
        live = self._spec.live
        if switch is self._follow:
            text = "to its end; w shows it" if switch.value else "no: it goes on by itself"
        elif switch is self._live and live is not None:
            raw = f"{live.input} = {live.word(live=switch.value)}"
            text = f"yes, it acts: {raw}" if switch.value else f"no, a dry run: {raw}"
            if switch.value and self._spec.irreversible and not self._armed:
                text += " · arm first: esc, then A"
        else:
            text = "true" if switch.value else "false"
        self._words_of[switch].update(text)
        if switch.parent is not None:
            switch.parent.set_class(switch.value, "-on")


def _note(spec: WorkflowSpec) -> str:
    return f"{spec.file} of {spec.repository}"


def _field(spec: InputSpec, words: Mapping[str, str]) -> Input | Select[str] | Switch:
    default = spec.filled(words) or ""
    match spec.type:
        case InputType.BOOLEAN:
            return Switch(value=default == "true", animate=False)
        case InputType.CHOICE if default in spec.options:
            return Select.from_values(spec.options, value=default, allow_blank=False, compact=True)
        case InputType.CHOICE:
            return Select.from_values(spec.options, prompt="choose", compact=True)
        case InputType.NUMBER:
            return Input(default, type="number", compact=True)
        case InputType.STRING:
            hint = "must be filled in" if spec.required else "left to the workflow"
            return Input(default, placeholder=hint, compact=True)


def _text_of(field: Input | Select[str] | Switch) -> str:
    if isinstance(field, Switch):
        return "true" if field.value else "false"
    if isinstance(field, Select):
        return "" if field.is_blank() else str(field.value)
    return field.value.strip()
