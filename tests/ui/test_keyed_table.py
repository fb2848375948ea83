"""The table keeps the selection on its row, whatever a refresh brings."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult

from cockpit.views.table import Align, Column, Row, Table, cell
from themes.palettes import DARK
from widgets.keyed_table import KeyedTable

COLUMNS = (Column("name", "name", weight=1), Column("n", "n", Align.RIGHT))


class TableApp(App[None]):
    """Nothing but a table."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.table = KeyedTable()

    def compose(self) -> ComposeResult:
        yield self.table


def table(*keys: str, value: str = "1") -> Table:
    return Table(COLUMNS, tuple(Row(key, (cell(f"row {key}"), cell(value))) for key in keys))


def drawn(app: TableApp) -> list[str]:
    """The keys of the rows on screen, as they are drawn."""
    lines = ["".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()]
    return [line.split()[1] for line in lines if "row" in line]


def in_view(app: TableApp, keys: Sequence[str]) -> list[str]:
    """Those of the rows that should be on screen, below the titles of the columns."""
    top = app.table.scroll_offset.y
    return list(keys[top : top + app.table.size.height - 1])


LETTERS = "abcdefghij"


@pytest.mark.parametrize(
    ("after", "selected"),
    [
        ("abcdefghij", "e"),
        ("xyzabcdefghij", "e"),
        ("jihgfedcba", "e"),
        ("ecabd", "e"),
        ("fghij", "j"),
        ("abcd", "d"),
        ("abcdfghij", "f"),
    ],
)
async def test_the_cursor_stays_on_its_row(after: str, selected: str) -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)) as driven:
        app.table.show(table(*LETTERS))
        await driven.pause()
        app.table.select("e")
        await driven.pause()
        app.table.show(table(*after, value="2"))
        await driven.pause()
        assert [row.key for row in app.table.rows_shown] == list(after)
        assert drawn(app) == in_view(app, after)
        assert app.table.selected is not None
        assert app.table.selected.key == selected
        assert after[app.table.cursor_row] == selected
        assert selected in drawn(app)


async def test_the_cursor_begins_below_a_heading_and_may_be_put_on_it() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)) as driven:
        rows = (Row("h", (cell("row h"), cell("")), heading=True), *table("a", "b").rows)
        app.table.show(Table(COLUMNS, rows))
        await driven.pause()
        assert app.table.selected == rows[1]
        await driven.press("up")
        assert app.table.selected == rows[0]
        app.table.show(Table(COLUMNS, (*table("x").rows, *rows)))
        assert app.table.selected == rows[0]


async def test_many_rows_gone_at_once_keep_cursor_and_scroll() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 12)) as driven:
        everything = [f"{number:03}" for number in range(300)]
        app.table.show(table(*everything))
        await driven.pause()
        app.table.select("120")
        await driven.pause()
        app.table.show(table(*(key for key in everything if int(key) % 2 == 0)))
        await driven.pause()
        await driven.pause()
        assert app.table.selected is not None
        assert app.table.selected.key == "120"
        top = app.table.scroll_y
        assert top <= app.table.cursor_row < top + app.table.size.height


async def test_a_scrolled_view_is_not_pulled_back_to_the_cursor() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 12)) as driven:
        everything = [f"{number:03}" for number in range(300)]
        app.table.show(table(*everything))
        await driven.pause()
        app.table.scroll_to(y=200, animate=False, immediate=True)
        await driven.pause()
        app.table.show(table(*everything, "new", value="2"))
        await driven.pause()
        await driven.pause()
        assert app.table.scroll_y == 200
        assert app.table.cursor_row == 0


async def test_any_sequence_of_refreshes_ends_in_what_was_shown_last() -> None:
    app = TableApp()
    dice = random.Random(7)
    async with app.run_test(size=(40, 12)) as driven:
        for _ in range(25):
            keys = dice.sample([f"{number:02}" for number in range(90)], dice.randint(0, 90))
            app.table.show(table(*keys, value=str(dice.randint(0, 3))))
            await driven.pause()
            assert drawn(app) == in_view(app, keys)
            # What was drawn is what anew is drawn: no line was forgotten.
            app.table.redraw()
            assert drawn(app) == in_view(app, keys)


async def test_markup_is_text() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 6)) as driven:
        rows = (Row("1", (cell("[bold]loud[/bold] [/]"), cell("1"))),)
        app.table.show(Table(COLUMNS, rows))
        await driven.pause()
        text = "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip)
        assert "[bold]loud[/bold] [/]" in text


async def test_it_follows_the_width_of_the_terminal() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 6)) as driven:
        rows = (Row("1", (cell("word " * 20), cell("1"))),)
        app.table.show(Table(COLUMNS, rows))
        await driven.pause()
        wide = app.table.virtual_size.width
        await driven.resize_terminal(30, 6)
        await driven.pause()
        assert app.table.virtual_size.width <= 30 < wide <= 60


async def test_movement_keys() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as driven:
        app.table.show(table(*(str(number) for number in range(50))))
        app.table.focus()
        await driven.pause()
        for key, row in (
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("ctrl+d", 6),
            ("ctrl+u", 1),
            ("G", 49),
            ("g", 0),
            ("end", 49),
            ("home", 0),
        ):
            await driven.press(key)
            assert app.table.cursor_row == row, key
