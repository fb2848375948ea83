"""Loopback services under clients that misbehave and applications that fail."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import requests
from werkzeug.wrappers import Request, Response

from cockpit.rehearsal.serving import Service

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if Request(environ).path == "/broken":
        raise LookupError("on purpose")
    return Response("fine")(environ, start_response)


@pytest.fixture
def errors() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def service(errors: io.StringIO) -> Iterator[Service]:
    started = Service("test", application, errors)
    yield started
    started.stop()


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=5)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline


def test_a_failing_application_answers_500_and_is_logged_but_not_printed(
    service: Service, errors: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    assert requests.get(f"{service.url}/broken", timeout=5).status_code == 500
    assert requests.get(service.url, timeout=5).text == "fine"
    service.stop()
    assert "LookupError: on purpose" in errors.getvalue()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "sent", [b"", b"\x16\x03\x01\x00", b"GET / HTTP/1.1\r\nContent-Le", b"\xff\xfe \r\n\r\n"]
)
def test_garbage_and_hang_ups_are_not_printed(
    service: Service, capfd: pytest.CaptureFixture[str], sent: bytes
) -> None:
    with connect(service) as client:
        client.sendall(sent)
    assert requests.get(service.url, timeout=5).text == "fine"
    service.stop()
    assert capfd.readouterr() == ("", "")


def test_stopping_ends_idle_connections_and_their_threads(service: Service) -> None:
    threads = threading.active_count()
    with connect(service) as idle:
        wait_until(lambda: threading.active_count() > threads)
        started = time.monotonic()
        service.stop()
        assert time.monotonic() - started < 2
        assert idle.recv(1) == b""
    assert threading.active_count() == threads - 1


def test_a_suspended_service_refuses_and_comes_back_on_its_port(service: Service) -> None:
    port = service.port
    for _ in range(2):
        service.suspend()
        service.suspend()
        assert not service.reachable
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(service.url, timeout=5)
        service.resume()
        service.resume()
        assert requests.get(service.url, timeout=5).text == "fine"
    assert service.port == port


def test_a_service_stops_while_suspended_and_stays_stopped(service: Service) -> None:
    service.suspend()
    service.stop()
    service.stop()
    service.resume()
    service.suspend()
    assert not service.reachable
    with pytest.raises(requests.ConnectionError):
        requests.get(service.url, timeout=5)
