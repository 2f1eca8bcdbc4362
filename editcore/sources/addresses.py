"""Which web addresses may be asked for a picture: http and https on the open internet, and networks that are allowed.

A list of URLs comes from outside. Without this check it could make the night fetch the cloud's metadata service or
a printer of the office and put the answer into a report. Names are checked when they are resolved, and the
connection goes to the very address that was checked, so a name that changes its address in between gains nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from editcore.outcomes import Outcome, RowError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_READY = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""An address that needs no quoting; it goes to its server as it is written, since it may be signed."""
_KINDS = ("loopback", "link_local", "multicast", "unspecified", "site_local", "private", "reserved")


def networks(written: Iterable[str]) -> list[Network]:
    """``10.0.0.0/8``, ``fd00::/8`` or a single address; ValueError for anything else."""
    return [ip_network(text) for text in written]


def objection(text: str, allowed: Sequence[Network] = ()) -> str:
    """Why the address ``text`` may not be asked, in one word; empty if it may."""
    address = _innermost(ip_address(text))
    if any(address in network for network in allowed if network.version == address.version):
        return ""
    for kind in _KINDS:
        if getattr(address, f"is_{kind}", False):
            return kind.replace("_", "-")
    return "" if address.is_global else "private"


def _innermost(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that stands for it (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def checked(text: str, base: URL | None = None) -> URL:
    """An address to ask, or where a redirect from ``base`` leads. ``RowError``: bad_url, bad_redirect."""
    try:
        url = URL(text, encoded=bool(_READY.fullmatch(text)))
        url = base.join(url) if base else url
        secret = url.raw_user is not None or url.raw_password is not None
        proper = url.scheme in ("http", "https") and url.host and 0 < (url.port or 80) < 65536
    except ValueError as error:
        raise RowError(Outcome.BAD_INPUT, "bad_url", f"{text[:200]!r} is no address: {error}.") from None
    if secret:
        raise RowError(
            Outcome.BAD_INPUT, "bad_url", f"An address of {url.host} holds a user name or password."
        )
    if not proper:
        text = f"{text[:200]!r}: expected http:// or https://, a host and a possible port."
        raise RowError(Outcome.BAD_INPUT, "bad_url", text)
    if base and base.scheme == "https" and url.scheme == "http":
        raise RowError(Outcome.BAD_INPUT, "bad_redirect", f"{base.host} redirects from https to http.")
    return url.with_fragment(None)


def host_of(uri: str) -> str:
    """Host of an address; empty if it has none."""
    try:
        return URL(uri).host or ""
    except ValueError:
        return ""


class Guard(AbstractResolver):
    """What aiohttp resolves names and makes sockets with: connections go to addresses that were checked only."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self.allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of a name. ``RowError`` if one of them is not allowed."""
        addresses = await _resolve(host, port)
        for address in addresses:
            self._admit(address, host)
        found = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for address, kind in zip(addresses, found, strict=True)
        ]

    def socket(self, about: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        """A socket for an entry of ``getaddrinfo``: also what was written as an address, which nobody resolves."""
        family, kind, proto, _, (address, *_) = about
        self._admit(address, address)
        return socket.socket(family, kind, proto)

    async def close(self) -> None:
        """As aiohttp asks for it."""

    def _admit(self, address: str, host: str) -> None:
        if why := objection(address, self.allowed):
            raise RowError(
                Outcome.BAD_INPUT,
                "address_refused",
                f"{host} is {address}, a {why} address; allow its network with source.download.allow if it is yours.",
            )


async def _resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, at least one."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise RowError(Outcome.BAD_INPUT, "bad_url", f"{host!r} is no host name.") from None
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            raise RowError(Outcome.BAD_INPUT, "unknown_host", f"There is no host {host}.") from None
        raise OSError(error.errno, f"{host} cannot be resolved: {error.strerror}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
