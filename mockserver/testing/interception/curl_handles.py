"""Leads transfers of pycurl, which is written in C, to the server on loopback.

Handles are made of a subclass meanwhile. It sets three options of a transfer to Leanplum, and puts
back what the handle was given itself as soon as it is used for anybody else. Handles that were made
before, and those of code that took `Curl` out of the module before, cannot be led.
"""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.testing.interception import active, server, strict
from mockserver.testing.interception.hosts import LEANPLUM_HOSTS, LOOPBACK, name_of
from mockserver.testing.interception.patches import Patches


def lead_curl_handles(patches: Patches, pycurl: ModuleType) -> None:
    """Put the classes of handles in.

    Args:
        patches: Takes them out again.
        pycurl: The module.
    """
    genuine: Any = pycurl
    if not issubclass(type(pycurl), ModuleType):
        # pytest-recording puts an object in the place of the module, whose handles hold real ones.
        genuine = getattr(sys.modules.get("pytest_recording.network"), "pycurl", None)
        if genuine is None:
            return
        patches.put_in(pycurl.Curl, "__init__", partial(_holding, genuine))
    patches.put_in(genuine, "Curl", partial(_curl, genuine))
    patches.put_in(genuine, "CurlMulti", _curl_multi)


def _holding(pycurl: ModuleType, replaced: Any) -> Any:
    def hold(proxy: Any, handle: Any = None) -> None:
        replaced(proxy, pycurl.Curl() if handle is None else handle)

    return hold


def _curl(pycurl: ModuleType, replaced: Any) -> Any:
    ours = (pycurl.CONNECT_TO, pycurl.CAINFO, pycurl.PROXY)

    class Curl(replaced):  # type: ignore[misc]
        """A handle whose transfers to Leanplum are answered by the test."""

        def __new__(cls, *arguments: Any) -> Any:
            # Postbacks are sent by this package, and have a rule of their own where they may go.
            if _is_own_call():
                return replaced(*arguments)
            return super().__new__(cls, *arguments)

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._url: Any = None
            self._given: dict[int, Any] = {}
            self._is_led = False

        def setopt(self, option: int, value: Any) -> Any:
            done = super().setopt(option, value)
            self._take(option, value)
            return done

        def setopt_string(self, option: int, value: Any) -> Any:
            done = super().setopt_string(option, value)
            self._take(option, value)
            return done

        def _take(self, option: int, value: Any) -> None:
            if option == pycurl.URL:
                self._url = value
            elif option in ours:
                self._given[option] = value

        def unsetopt(self, option: int) -> Any:
            self._given.pop(option, None)
            return super().unsetopt(option)

        def reset(self) -> Any:
            self._url, self._given, self._is_led = None, {}, False
            return super().reset()

        def perform(self) -> Any:
            self.lead()
            return super().perform()

        def perform_rb(self) -> Any:
            self.lead()
            return super().perform_rb()

        def perform_rs(self) -> Any:
            self.lead()
            return super().perform_rs()

        def lead(self) -> None:
            """Say where the next transfer goes."""
            host = _host_of(self._url)
            if active.is_anybody() and host in LEANPLUM_HOSTS:
                # Whatever is said of the name, by `RESOLVE` for instance, it is not looked up.
                super().setopt(pycurl.CONNECT_TO, [f"::{LOOPBACK}:{server.port()}"])
                super().setopt(pycurl.CAINFO, str(server.AUTHORITY_FILE))
                super().setopt(pycurl.PROXY, "")
                self._is_led = True
                return
            if host:
                strict.check(host)
            if self._is_led:
                self._is_led = False
                for option in ours:
                    if option in self._given:
                        super().setopt(option, self._given[option])
                    else:
                        super().unsetopt(option)
            if active.is_anybody():
                # A redirect may lead there, or a URL that libcurl reads otherwise than Python.
                given = list(self._given.get(pycurl.CONNECT_TO) or ())
                away = [f"{name}::{LOOPBACK}:{server.port()}" for name in sorted(LEANPLUM_HOSTS)]
                super().setopt(pycurl.CONNECT_TO, given + away)
                self._is_led = True

    return Curl


def _curl_multi(replaced: Any) -> Any:
    class CurlMulti(replaced):  # type: ignore[misc]
        """Several transfers, each of which is led as it is added."""

        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            if _is_own_call():
                return replaced(*arguments, **named)
            return super().__new__(cls, *arguments, **named)

        def add_handle(self, handle: Any) -> Any:
            lead = getattr(handle, "lead", None)
            if lead is not None:
                lead()
            return super().add_handle(handle)

    return CurlMulti


def _is_own_call() -> bool:
    module = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001 (documented)
    return module != __name__ and bool(module.startswith("mockserver."))


def _host_of(url: Any) -> str:
    """Return the host of a URL as libcurl reads it: blanks, slashes and escapes matter less."""
    text = url.decode("latin-1") if isinstance(url, bytes) else str(url or "")
    scheme, colon, rest = text.strip().partition(":/")
    if not colon or not scheme.isalpha():
        scheme, rest = "http", text.strip()
    try:
        return name_of(unquote(urlsplit(f"{scheme}://{rest.lstrip('/')}").hostname or ""))
    except ValueError:
        return ""
