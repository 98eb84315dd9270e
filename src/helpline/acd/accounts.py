"""Gives the switch the phone accounts of people: PJSIP objects `auth`, `aor` and `endpoint` of the same name."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from django.conf import settings

from helpline.people.models import PhoneAccount
from helpline.telephony.ari import AriClient, AriError
from helpline.telephony.asterisk.pjsip import BROWSER_MEDIA, browser_of

log = structlog.get_logger(__name__)

_PATH = "/asterisk/config/dynamic/res_pjsip"
#: Asterisk does not let go of what it has read from its files
IN_FILES = 403


@dataclass(frozen=True, slots=True)
class Account:
    """`ha1` and `ha1_sha256`: digests of `username:realm:password` (RFC 7616 section 3.4.2, RFC 8760); the latter is
    empty for old passwords. `algorithms`: what the phone is challenged with, the preferred one first."""

    username: str
    realm: str
    ha1: str
    ha1_sha256: str = ""
    algorithms: tuple[str, ...] = ("MD5",)


def wanted() -> list[Account]:
    """Accounts of all active users."""
    rows = PhoneAccount.objects.filter(user__is_active=True).order_by("username")
    ways: tuple[str, ...] = settings.ENV.sip_digest
    return [
        Account(row.username, row.realm, row.ha1_md5, row.ha1_sha256, ways if row.ha1_sha256 else ("MD5",))
        for row in rows
    ]


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
        asterisk = await self._ari.is_asterisk()
        for kind, fields in objects(account, one_phone=asterisk).items():
            await self._object(kind, account.username, fields)
        for kind, fields in (browser_objects(account) if asterisk else {}).items():
            await self._object(kind, browser_of(account.username), fields)

    async def _object(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        try:
            await self._ari.request("PUT", f"{_PATH}/{kind}/{name}", body={"fields": listed})
        except AriError as error:
            if error.status != IN_FILES:
                raise
            log.info("account_in_files_of_switch", kind=kind, account=name)

    async def _remove(self, name: str) -> None:
        browser = browser_of(name)
        gone = [("endpoint", browser), ("aor", browser)] if await self._ari.is_asterisk() else []
        for kind, which in (*gone, ("endpoint", name), ("aor", name), ("auth", name)):
            try:
                await self._ari.delete(f"{_PATH}/{kind}/{which}")
            except AriError as error:
                if error.status not in {404, IN_FILES}:
                    raise


def objects(account: Account, *, one_phone: bool) -> dict[str, Mapping[str, str]]:
    """The PJSIP objects of an account, in the order in which they are given: what others name comes first.

    `one_phone`: the newest registration takes the place of the one before, for Asterisk rings only one of several.
    """
    phones = (
        {"max_contacts": "1", "remove_existing": "yes"}
        if one_phone
        else {"max_contacts": "5", "remove_existing": "no"}
    )
    name = account.username
    return {
        "auth": {"username": name, "realm": account.realm} | _secret(account),
        "aor": phones,
        "endpoint": {
            "auth": name,
            "aors": name,
            "context": "helpline",
            "direct_media": "no",
            "disallow": "all",
            "allow": "ulaw,alaw",
        },
    }


def browser_objects(account: Account) -> dict[str, Mapping[str, str]]:
    """The objects of an account's browser in Asterisk, where one endpoint has one kind of media: the name is that of
    `browser_of`, the password the account's own. The embedded switch takes browsers and telephones alike."""
    name = browser_of(account.username)
    return {
        "aor": {"max_contacts": "1", "remove_existing": "yes"},
        "endpoint": {
            "auth": account.username,
            "aors": name,
            "context": "helpline",
            **BROWSER_MEDIA,
        },
    }


def _secret(account: Account) -> dict[str, str]:
    if account.algorithms == ("MD5",):
        return {"auth_type": "md5", "md5_cred": account.ha1}
    return {
        "auth_type": "digest",
        "password_digest": f"MD5:{account.ha1},SHA-256:{account.ha1_sha256}",
        "supported_algorithms_uas": ",".join(account.algorithms),
    }
