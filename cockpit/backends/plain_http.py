"""A session for servers that are asked without anybody's stored passwords."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cockpit import __version__

if TYPE_CHECKING:
    import requests


class PlainHttp:
    """Makes its session when it is first asked for, whichever thread asks."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: requests.Session | None = None

    @property
    def session(self) -> requests.Session:
        """The one session; requests is imported with the first use."""
        import requests

        with self._making:
            if self._kept is None:
                session = requests.Session()
                session.headers["User-Agent"] = f"release-cockpit/{__version__}"
                # An authentication of its own keeps requests from looking into ~/.netrc.
                session.auth = lambda request: request
                self._kept = session
            return self._kept
