"""Gives the switch the phone accounts of people: PJSIP objects `auth`, `aor` and `endpoint` of the same name."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from helpline.people.models import PhoneAccount
from helpline.telephony.ari import AriClient, AriError

log = structlog.get_logger(__name__)

_PATH = "/asterisk/config/dynamic/res_pjsip"


@dataclass(frozen=True, slots=True)
class Account:
    """`ha1`: MD5 of `username:realm:password` (RFC 7616 section 3.4.2)."""

    username: str
    realm: str
    ha1: str


def wanted() -> list[Account]:
    """Accounts of all active users."""
    rows = PhoneAccount.objects.filter(user__is_active=True).order_by("username")
    return [Account(row.username, row.realm, row.ha1_md5) for row in rows]


class Accounts:
    """Remembers what the switch was given, so that only changes are sent."""

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._given: dict[str, Account] = {}

    def forget(self) -> None:
        """The switch may have been restarted: give everything again."""
        self._given.clear()

    async def give(self, accounts: list[Account]) -> None:
        """Bring the switch to these accounts. Raises AriUnavailable."""
        fresh = {account.username: account for account in accounts}
        for name in self._given.keys() - fresh.keys():
            await self._remove(name)
            del self._given[name]
        for name, account in fresh.items():
            if self._given.get(name) != account:
                await self._put(account)
                self._given[name] = account

    async def _put(self, account: Account) -> None:
        name = account.username
        secret = {"auth_type": "md5", "username": name, "md5_cred": account.ha1, "realm": account.realm}
        await self._object("auth", name, secret)
        await self._object("aor", name, {"max_contacts": "5", "remove_existing": "no"})
        endpoint = {"auth": name, "aors": name, "context": "helpline", "direct_media": "no"}
        await self._object("endpoint", name, {**endpoint, "disallow": "all", "allow": "ulaw,alaw"})

    async def _object(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        await self._ari.request("PUT", f"{_PATH}/{kind}/{name}", body={"fields": listed})

    async def _remove(self, name: str) -> None:
        for kind in ("endpoint", "aor", "auth"):
            try:
                await self._ari.delete(f"{_PATH}/{kind}/{name}")
            except AriError as error:
                if error.status != 404:
                    raise
