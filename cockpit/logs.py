"""The libraries' logging, kept off the screen and in a file, with secrets masked."""

from __future__ import annotations

import logging
from pathlib import Path

from cockpit.backends.text import mask

LIBRARIES = ("github", "urllib3", "requests", "botocore", "boto3", "s3transfer", "git", "keyring")
COCKPIT = "cockpit"
_LARGEST_FILE = 2_000_000
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class LogFile(logging.Handler):
    """Writes to a file that is found and opened with the first record."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    @property
    def path(self) -> Path:
        """Where it writes; the system's place for logs unless told otherwise."""
        if self._path is None:
            from platformdirs import user_log_path

            self._path = user_log_path("release-cockpit") / "cockpit.log"
        return self._path

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; a disk that refuses it is no reason to disturb anybody."""
        try:
            if self._file is None:
                self._file = self._open()
            self._file.handle(record)
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        super().close()

    def _open(self) -> logging.Handler:
        # Importing the rotating handler costs as much as all of logging, so it waits until then.
        from logging.handlers import RotatingFileHandler

        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = RotatingFileHandler(
            self.path, maxBytes=_LARGEST_FILE, backupCount=1, encoding="utf-8"
        )
        file.setFormatter(_MaskingFormatter(_FORMAT))
        return file


def keep_libraries_quiet(path: Path | None = None, *, debug: bool = False) -> LogFile:
    """Send what the libraries and the cockpit log to a file; calling again moves it there.

    Without this, Python prints warnings of loggers nobody configured into the middle of the
    full-screen interface.
    """
    # A full disk would otherwise be reported in the middle of the screen, once for each record.
    logging.raiseExceptions = False
    handler = LogFile(path)
    for name in (*LIBRARIES, COCKPIT):
        logger = logging.getLogger(name)
        for former in [h for h in logger.handlers if isinstance(h, LogFile)]:
            logger.removeHandler(former)
            former.close()
        logger.addHandler(handler)
        logger.propagate = False
        # botocore prints whole requests at DEBUG, signatures included.
        logger.setLevel(logging.DEBUG if debug and name != "botocore" else logging.WARNING)
    return handler
