"""Calls a URL with every client that code under test may use, for the tests of what they meet."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

#: POSTs JSON to a URL and returns the status and the body of the answer.
Client = Callable[[str, dict[str, Any]], tuple[int, str]]
_SECONDS = 5
_JSON = {"Content-Type": "application/json"}


def requests_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import requests

    answer = requests.post(url, json=body, timeout=_SECONDS)
    return answer.status_code, answer.text


def requests_with_retries(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import requests
    from urllib3 import Retry

    with requests.Session() as session:
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=Retry(0, connect=0)))
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=Retry(0, connect=0)))
        answer = session.post(url, json=body, timeout=_SECONDS)
        return answer.status_code, answer.text


def urllib3_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import urllib3

    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", url, json=body, retries=False, timeout=_SECONDS)
        return answer.status, answer.data.decode()


def urllib_request(url: str, body: dict[str, Any]) -> tuple[int, str]:
    request = urllib.request.Request(url, json.dumps(body).encode(), _JSON)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def http_client(url: str, body: dict[str, Any]) -> tuple[int, str]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc.rpartition("@")[2], timeout=_SECONDS)
    try:
        connection.request("POST", parts.path or "/", json.dumps(body), _JSON)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def httpx_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import httpx

    answer = httpx.post(url, json=body, timeout=_SECONDS)
    return answer.status_code, answer.text


def httpx2_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import httpx2

    answer = httpx2.post(url, json=body, timeout=_SECONDS)
    return answer.status_code, answer.text


def niquests_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import niquests

    with niquests.Session() as session:
        answer = session.post(url, json=body, timeout=_SECONDS)
        return answer.status_code or 0, answer.text or ""


def pycurl_(url: str, body: dict[str, Any], *options: tuple[int, Any]) -> tuple[int, str]:
    import pycurl

    written = io.BytesIO()
    handle = pycurl.Curl()
    try:
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.POSTFIELDS, json.dumps(body))
        handle.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])
        handle.setopt(pycurl.WRITEDATA, written)
        handle.setopt(pycurl.TIMEOUT, _SECONDS)
        for option, value in options:
            handle.setopt(option, value)
        handle.perform()
        return handle.getinfo(pycurl.RESPONSE_CODE), written.getvalue().decode()
    finally:
        handle.close()


async def httpx_async(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import httpx

    async with httpx.AsyncClient(timeout=_SECONDS) as client:
        answer = await client.post(url, json=body)
        return answer.status_code, answer.text


async def httpx2_async(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import httpx2

    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        answer = await client.post(url, json=body)
        return answer.status_code, answer.text


async def niquests_async(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import niquests

    async with niquests.AsyncSession() as session:
        answer = await session.post(url, json=body, timeout=_SECONDS)
        return answer.status_code or 0, answer.text or ""


async def aiohttp_(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import aiohttp

    return await _by_aiohttp(aiohttp.ThreadedResolver(), url, body)


async def aiohttp_aiodns(url: str, body: dict[str, Any]) -> tuple[int, str]:
    import aiohttp

    return await _by_aiohttp(aiohttp.AsyncResolver(), url, body)


async def _by_aiohttp(resolver: Any, url: str, body: dict[str, Any]) -> tuple[int, str]:
    import aiohttp

    timeout = aiohttp.ClientTimeout(_SECONDS)
    connector = aiohttp.TCPConnector(resolver=resolver)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(url, json=body) as answer,
        ):
            return answer.status, await answer.text()
    finally:
        if tuple(map(int, aiohttp.__version__.split(".")[:2])) < (3, 12):
            # Before that a session does not wait for TLS to end; its documentation says to do so.
            await asyncio.sleep(0.25)


async def streams(url: str, body: dict[str, Any]) -> tuple[int, str]:
    parts = urlsplit(url)
    is_https = parts.scheme == "https"
    content = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if is_https else 80), ssl=is_https or None
    )
    try:
        writer.write(
            b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
            % ((parts.path or "/").encode(), str(parts.hostname).encode(), len(content), content)
        )
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return int(head.split()[1]), answer.decode()


def _on_asyncio(call: Callable[..., Coroutine[Any, Any, tuple[int, str]]]) -> Client:
    return lambda url, body: asyncio.run(call(url, body))


def _on_uvloop(call: Callable[..., Coroutine[Any, Any, tuple[int, str]]]) -> Client:
    def run(url: str, body: dict[str, Any]) -> tuple[int, str]:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(call(url, body))

    return run


BLOCKING: dict[str, Client] = {
    "requests": requests_,
    "requests, retries": requests_with_retries,
    "urllib3": urllib3_,
    "urllib.request": urllib_request,
    "http.client": http_client,
    "httpx": httpx_,
    "httpx2": httpx2_,
    "niquests": niquests_,
    "pycurl": pycurl_,
}
ASYNC = {
    "httpx": httpx_async,
    "httpx2": httpx2_async,
    "niquests": niquests_async,
    "aiohttp": aiohttp_,
    "aiohttp, aiodns": aiohttp_aiodns,
    "streams": streams,
}
CLIENTS: dict[str, Client] = (
    BLOCKING
    | {f"{name}, asyncio": _on_asyncio(call) for name, call in ASYNC.items()}
    | {f"{name}, uvloop": _on_uvloop(call) for name, call in ASYNC.items()}
)

#: What each needs, where its name does not say so.
_NEEDS = {"streams": (), "urllib.request": (), "http.client": (), "retries": (), "asyncio": ()}


def missing(name: str) -> list[str]:
    """Return the packages that a client needs and that are not installed."""
    words = [word.strip() for word in name.split(",")]
    needed = [word for word in words if word not in _NEEDS]
    return [word for word in needed if importlib.util.find_spec(word) is None]
