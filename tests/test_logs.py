"""The libraries' logging stays off the screen, and its file holds no secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.logs import COCKPIT, LIBRARIES, LogFile, keep_libraries_quiet

SECRET = "ghp_0123456789abcdefghij"


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """Logging is the process's: what a test changes is put back."""
    loggers = [logging.getLogger(name) for name in (*LIBRARIES, COCKPIT)]
    before = [(list(each.handlers), each.propagate, each.level) for each in loggers]
    complaining = logging.raiseExceptions
    yield
    logging.raiseExceptions = complaining
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        for handler in logger.handlers:
            handler.close()
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize("name", ["github.GithubRetry", "urllib3.connectionpool", "git.cmd"])
def test_a_librarys_warning_goes_to_the_file_only(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "cockpit.log"
    keep_libraries_quiet(log)
    logging.getLogger(name).warning("Request failed with token %s", SECRET)
    assert capsys.readouterr() == ("", "")
    text = log.read_text(encoding="utf-8")
    assert f"WARNING {name}: Request failed with token ghp_***" in text
    assert SECRET not in text


def test_a_traceback_is_masked_too(tmp_path: Path) -> None:
    log = tmp_path / "cockpit.log"
    keep_libraries_quiet(log)
    try:
        raise RuntimeError(f"bad token {SECRET}")
    except RuntimeError:
        logging.getLogger("cockpit").exception("it broke")
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert SECRET not in text


def test_details_are_written_only_for_debugging_and_never_botocores(tmp_path: Path) -> None:
    log = tmp_path / "cockpit.log"
    for debug in (False, True):
        keep_libraries_quiet(log, debug=debug)
        for name in ("urllib3", "botocore"):
            logging.getLogger(name).debug("detail, debug %s", debug)
    assert log.read_text(encoding="utf-8").count("detail") == 1


def test_no_file_is_made_while_nothing_is_logged(tmp_path: Path) -> None:
    keep_libraries_quiet(tmp_path / "logs" / "cockpit.log")
    assert list(tmp_path.iterdir()) == []


def test_calling_again_moves_the_log(tmp_path: Path) -> None:
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    keep_libraries_quiet(first)
    keep_libraries_quiet(second)
    logging.getLogger("git").warning("hello")
    assert not first.exists()
    assert second.read_text(encoding="utf-8").count("hello") == 1


def test_a_place_that_cannot_be_written_disturbs_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    keep_libraries_quiet(tmp_path / "file" / "cockpit.log")
    logging.getLogger("git").warning("hello")
    assert capsys.readouterr() == ("", "")


def test_the_systems_place_for_logs_is_used(own_machine: Path) -> None:
    assert own_machine in LogFile().path.parents
