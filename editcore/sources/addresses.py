"""Which web addresses may be asked for a picture: http and https on the open internet, and networks that are allowed.

A list of URLs comes from outside. Without this check it could make the night fetch the cloud's metadata service or
a printer of the office and put the answer into a report. Names are checked when they are resolved, and the
connection goes to the very address that was checked, so a name that changes its address in between gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore
import httpx

from editcore.outcomes import Outcome, RowError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
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


def checked(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address to ask, or where a redirect from ``base`` leads. ``RowError``: bad_url, bad_redirect."""
    try:
        url = base.join(text) if base else httpx.URL(text)
        proper = url.scheme in ("http", "https") and url.host and 0 < (url.port or 80) < 65536
    except (httpx.InvalidURL, ValueError) as error:
        raise RowError(Outcome.BAD_INPUT, "bad_url", f"{text[:200]!r} is no address: {error}.") from None
    if url.userinfo:
        raise RowError(
            Outcome.BAD_INPUT, "bad_url", f"An address of {url.host} holds a user name or password."
        )
    if not proper:
        text = f"{text[:200]!r}: expected http:// or https://, a host and a possible port."
        raise RowError(Outcome.BAD_INPUT, "bad_url", text)
    if base and base.scheme == "https" and url.scheme == "http":
        raise RowError(Outcome.BAD_INPUT, "bad_redirect", f"{base.host} redirects from https to http.")
    return url.copy_with(fragment=None)


def host_of(uri: str) -> str:
    """Host of an address; empty if it has none."""
    try:
        return httpx.URL(uri).host
    except (httpx.InvalidURL, ValueError):
        return ""


class Guard(httpcore.AsyncNetworkBackend):
    """The part of httpcore that opens connections, to addresses that were checked only."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self.allowed = allowed
        self.inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check every address, connect to the first that answers. ``RowError`` if one is not allowed."""
        addresses = await _resolve(host, port)
        for address in addresses:
            if why := objection(address, self.allowed):
                raise RowError(
                    Outcome.BAD_INPUT,
                    "address_refused",
                    f"{host} is {address}, a {why} address; allow its network with source.download.allow "
                    "if it is yours.",
                )
        for address in addresses[:-1]:
            try:
                return await self.inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self.inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks for it."""
        await self.inner.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, at least one."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise RowError(Outcome.BAD_INPUT, "bad_url", f"{host!r} is no host name.") from None
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            raise RowError(Outcome.BAD_INPUT, "unknown_host", f"There is no host {host}.") from None
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error.strerror}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
