from __future__ import annotations

import asyncio

import pytest

from editcore.outcomes import RowError
from editcore.sources import addresses
from editcore.sources.addresses import Guard, networks, objection

REFUSED = {
    "127.0.0.1": "loopback",
    "127.8.8.8": "loopback",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "private",
    "169.254.169.254": "link-local",
    "0.0.0.0": "unspecified",
    "224.0.0.1": "multicast",
    "240.0.0.1": "private",
    "255.255.255.255": "private",
    "198.18.0.1": "private",
    "::1": "loopback",
    "::": "unspecified",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fd00:ec2::254": "private",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:a9fe:a9fe": "link-local",
    "2002:7f00:1::": "loopback",
    "64:ff9b::a00:1": "private",
    "2001:0:0:0:0:0:f5ff:fffe": "private",
}


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_not_on_the_open_internet(address: str) -> None:
    assert objection(address) == REFUSED[address]


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet(address: str) -> None:
    assert objection(address) == ""


def test_allowed_networks_open_just_themselves() -> None:
    allowed = networks(["10.1.0.0/16", "fd00::/8", "127.0.0.1"])
    assert [objection(a, allowed) for a in ("10.1.9.9", "fd00::9", "127.0.0.1", "::ffff:10.1.9.9")] == [
        ""
    ] * 4
    assert [objection(a, allowed) for a in ("10.2.0.1", "127.0.0.2", "fe80::1")] == [
        "private",
        "loopback",
        "link-local",
    ]
    with pytest.raises(ValueError, match="host bits"):
        networks(["10.1.0.1/16"])


def test_one_forbidden_address_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    monkeypatch.setattr(addresses, "_resolve", both)
    with pytest.raises(RowError, match=r"shop is 10\.0\.0\.1, a private address") as caught:
        asyncio.run(Guard([]).resolve("shop", 80))
    assert caught.value.code == "address_refused"


@pytest.mark.parametrize("name", ["localhost", "2130706433", "0x7f.1", "127.1", "[::1]"])
def test_other_spellings_of_loopback_are_seen_through(name: str) -> None:
    with pytest.raises(RowError) as caught:
        asyncio.run(Guard([]).resolve(name.strip("[]"), 80))
    assert caught.value.code in ("address_refused", "unknown_host")
