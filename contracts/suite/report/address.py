"""Splits the URLs of a report into parts; none is refused, however it is written."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in its parts, all as they are written in it.

    Attributes:
        origin: Scheme, user info, host and port; empty if it is no more than a path.
        path: From the first slash on; a slash if a URL has none.
        query: Without its question mark.
    """

    origin: str
    path: str
    query: str

    @property
    def host(self) -> str:
        """Return host and port, without who logs in there."""
        return self.origin.partition("://")[2].rpartition("@")[2]

    @property
    def host_name(self) -> str:
        """Return the host without its port."""
        if self.host.startswith("["):
            return self.host.partition("]")[0] + "]"
        return self.host.partition(":")[0]

    @property
    def has_user_info(self) -> bool:
        """Return whether the URL says who logs in."""
        return "@" in self.origin

    def pairs(self, errors: str = "strict") -> list[tuple[str, str]]:
        """Return names and values of the query, decoded, in their order.

        Args:
            errors: What becomes of bytes that are no UTF-8; see `bytes.decode`.

        Raises:
            UnicodeDecodeError: There are some, and nothing else was asked for.
        """
        return parse_qsl(self.query, keep_blank_values=True, errors=errors)


def address(url: str) -> Address:
    """Return the parts of a URL; what stands behind # is sent nowhere, and is left out.

    Examples:
        >>> address("http://partner.test:81/in?user=ada#top")
        Address(origin='http://partner.test:81', path='/in', query='user=ada')
    """
    before, _, query = url.partition("#")[0].partition("?")
    scheme, mark, rest = before.partition("://")
    if not mark:
        return Address("", before, query)
    authority, _, path = rest.partition("/")
    return Address(f"{scheme}{mark}{authority}", f"/{path}", query)
