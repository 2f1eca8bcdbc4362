"""Who comes in: one person on this machine by a link, or whoever a proxy with a password list names."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, get_args

import yaml

from editcore.campaign import CampaignError
from editcore.review.desk import Person, Role

SECRET_HEADER = "X-Vitrine-Proxy"
"""Header in which the proxy proves that it is the proxy."""
ANYBODY = "*"
"""Name in the list of people that stands for everybody else."""


class Door(Protocol):
    """Says who asks."""

    seed: bytes
    """What only this page knows; tokens are made of it."""

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Person | None:
        """The person, by a request's headers (names in any case) and cookies; None for a stranger."""


class Tokens:
    """What every post has to bring along, so that no other site can post in a person's name."""

    def __init__(self, seed: bytes) -> None:
        self._secret = hashlib.sha256(b"tokens of the review page " + seed).digest()

    def of(self, person: Person) -> str:
        return hmac.new(self._secret, person.name.encode(), hashlib.sha256).hexdigest()

    def right(self, person: Person, token: str) -> bool:
        return hmac.compare_digest(self.of(person), token)


class LinkDoor:
    """The person who started the page: a key in the link it printed becomes a cookie."""

    def __init__(self, name: str, port: int) -> None:
        self.person, self.key = Person(name, "approver"), secrets.token_urlsafe(24)
        self.seed = self.key.encode()
        self.cookie = f"vitrine-review-{port}"  # browsers do not keep ports apart

    def fits(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self.key.encode())

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Person | None:
        return self.person if self.fits(cookies.get(self.cookie, "")) else None


class ProxyDoor:
    """Names come in a header that a proxy sets, roles from a list. Without the proxy's secret nobody comes in."""

    def __init__(self, header: str, secret: str, people: Mapping[str, Role]) -> None:
        if len(secret) < 16:
            raise CampaignError(
                "found no VITRINE_PROXY_SECRET of 16 or more characters, expected the secret that the proxy sends in "
                f"{SECRET_HEADER}: without it anybody could say any name"
            )
        self.header, self._secret, self._people = header, secret, people
        self.seed = (
            secret.encode()
        )  # a page that starts again knows its tokens, and decisions under way are taken

    def who(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Person | None:
        if not hmac.compare_digest(headers.get(SECRET_HEADER, "").encode(), self._secret.encode()):
            return None
        name = headers.get(self.header, "").strip()
        role = self._people.get(name) or self._people.get(ANYBODY)
        return Person(name, role) if name and len(name) <= 200 and role else None


def load_people(file: Path) -> dict[str, Role]:
    """Roles by name, from a YAML file ``name: role``; ``CampaignError`` says what is wrong with it."""
    roles = get_args(Role)
    try:
        data: Any = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise CampaignError(f"{file}: cannot be read as YAML ({' '.join(str(error).split())})") from None
    if not isinstance(data, dict) or not data:
        raise CampaignError(f"{file}: found {type(data).__name__}, expected lines such as `anna: approver`")
    for name, role in data.items():
        if not isinstance(name, str) or role not in roles:
            raise CampaignError(
                f"{file}: found {name!r}: {role!r}, expected a name and one of {', '.join(roles)}"
            )
    return data
