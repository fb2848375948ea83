"""Whoever is not looking is told of a change: by a line, a bell and the desktop, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cockpit.app import CockpitApp
from cockpit.backends.ports import ApiBudget
from cockpit.config_tables import NotificationsTable
from cockpit.release.jobs import Job, JobState
from cockpit.release.notices import Desktop
from cockpit.release.state import ReleaseState
from screens.notices import Notices
from tests.release.states import NOW, builds, failure, feed, green_jobs, job, with_
from tests.ui.still import StillCockpit, shown, toasts, until

JOBS = green_jobs()


def red(*positions: int) -> tuple[Job, ...]:
    """Green jobs but for those at these positions."""
    jobs = list(JOBS)
    for position in positions:
        old = jobs[position]
        jobs[position] = job(old.id, old.name, old.workflow, JobState.FAILED, failed_step="Test")
    return tuple(jobs)


def reading(*jobs: Job, missing: str = "") -> ReleaseState:
    return with_(builds=feed(builds(*jobs), missing=missing))


class Terminal:
    """Keeps what is written and how often the bell rings."""

    def __init__(self, app: CockpitApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[str] = []
        self.bells = 0
        monkeypatch.setattr(app, "bell", self._ring)
        monkeypatch.setattr(type(app), "is_headless", property(lambda _: False))
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", self.written.append)

    def _ring(self) -> None:
        self.bells += 1


async def test_a_job_that_turns_red_is_told_once_in_every_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cockpit = StillCockpit(reading(*red(3)))
    cockpit.notifications = NotificationsTable(desktop=Desktop.OSC_777)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        terminal = Terminal(app, monkeypatch)
        cockpit.become(reading(*red(3, 5)))
        await until(driven, lambda: any("failed in Test" in text for text in toasts(app)))
        cockpit.become(with_(cockpit.state, wall=NOW + timedelta(minutes=1)))
        cockpit.become(with_(cockpit.state, builds=feed(builds(*red(3, 5)), failure=failure())))
        cockpit.become(reading(*red(3, 5)))
        await driven.pause()
        app._notices.look(cockpit.state)
        app._notices.tell()
        assert len([text for text in toasts(app) if "failed in Test" in text]) == 1
        assert terminal.bells == 2, "the job, and the end of the builds that it brought"
        sequences = [text for text in terminal.written if text.startswith("\x1b]777;notify;")]
        assert len(sequences) == 2
        assert "failed in Test" in "".join(sequences)


async def test_what_was_red_before_a_restart_is_not_told_again() -> None:
    app = CockpitApp(StillCockpit(reading(*red(3))))
    async with app.run_test(size=(120, 40)) as driven:
        await until(driven, lambda: "NEXT" in shown(app))
        assert toasts(app) == []


async def test_what_a_short_page_had_hidden_before_a_restart_is_not_told_again() -> None:
    cockpit = StillCockpit(reading(*JOBS[5:], missing="a page was short"))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)):
        notices = Notices(app, cockpit, {})
        cockpit.become(reading(*red(3)))
        notices.look(cockpit.state)
        notices.tell()
        assert toasts(app) == []


async def test_many_at_once_are_one_and_all_of_it_can_be_switched_off() -> None:
    cockpit = StillCockpit(reading(*JOBS))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(120, 40)) as driven:
        cockpit.become(reading(*red(*range(14))))
        await until(driven, lambda: any("14 jobs failed" in text for text in toasts(app)))
        assert len(toasts(app)) == 2
        cockpit.notifications = NotificationsTable(bell=False, lines=False, desktop=Desktop.OFF)
        cockpit.become(reading(*red(*range(20))))
        app._notices.look(cockpit.state)
        app._notices.tell()
        assert len(toasts(app)) == 2


async def test_the_command_log_says_who_spends_the_quota_and_the_header_when_it_is_low() -> None:
    cockpit = StillCockpit()
    cockpit.budget = ApiBudget(312, 5000, NOW + timedelta(minutes=12))
    app = CockpitApp(cockpit)
    async with app.run_test(size=(160, 40)) as driven:
        await until(driven, lambda: "api 312, anew in 12 min" in shown(app))
        await driven.press("c")
        await until(driven, lambda: "50 requests, 90 % unchanged and free" in shown(app))
        assert "runs/jobs 4" in shown(app)
