"""Messages from an IMAP server (RFC 9051, RFC 3501): fetched by UID, streamed to the disk, called by IDLE (RFC 2177).

A message is named UIDVALIDITY/UID, which never names another one (RFC 9051 section 2.3.1.1). What was read is known by
the UID, not by \\Seen: somebody who opens the mailbox with a mail program hides nothing from us.
"""

import contextlib
import logging
import re
import select
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.utils import encode_folder

from helpline.core.errors import DeskError
from helpline.mail.mailboxes.connection import After, Begin, Connection, Security, SignIn
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, said
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.sources.source import TIMEOUT_S, Account, batches, take_in, unknown

log = logging.getLogger(__name__)

#: bytes asked for at once: a message of any size passes through so much memory
PIECE: Final = 1 << 20
#: messages taken in before the server is told
BATCH: Final = 25
#: RFC 2177 allows 29 minutes; routers forget a silent connection sooner
IDLE_S: Final = 9 * 60
#: after a new UIDVALIDITY, messages so much older than the last look are looked at again
_AGAIN: Final = timedelta(days=2)
_MOST_MISSED: Final = 100
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
#: response codes of a server that cannot let anybody in now (RFC 5530)
_PASSING: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b")
_UID_COPY: Final = re.compile(rb"BODY\[\]")


class Missed(Exception):
    """The server would not give this one message."""


def open_session(account: Account) -> "ImapSession":
    """Connect, sign in and open the folder. Raises what imaplib, ssl and socket raise, and SourceTrouble."""
    box = _connect(account.facts)
    try:
        _sign_in(box, account)
        box.folder.set(account.facts.folder)
        return ImapSession(box, account)
    except BaseException:
        _hang_up(box)
        raise


def _connect(facts: Connection) -> BaseMailBox:
    port = facts.port_for(MailboxKind.IMAP)
    if facts.security == Security.NONE:
        return MailBoxUnencrypted(facts.host, port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    if facts.security == Security.STARTTLS:
        return MailBoxStartTls(facts.host, port, timeout=TIMEOUT_S, ssl_context=context)
    return MailBox(facts.host, port, timeout=TIMEOUT_S, ssl_context=context)


def _sign_in(box: BaseMailBox, account: Account) -> None:
    facts = account.facts
    try:
        if facts.sign_in != SignIn.PASSWORD:
            box.xoauth2(facts.user, account.token(), initial_folder=None)
        elif (facts.user + account.secrets.password).isascii():
            box.login(facts.user, account.secrets.password, initial_folder=None)
        else:
            box.login_utf8(facts.user, account.secrets.password, initial_folder=None)
    except (MailboxLoginError, box.client.error) as error:
        if isinstance(error, box.client.abort):
            raise
        text = said(error)
        code = Code.PASSWORD if facts.sign_in == SignIn.PASSWORD else Code.TOKEN
        raise SourceTrouble(Code.LOST if _PASSING.search(text) else code, text) from None


def _hang_up(box: BaseMailBox) -> None:
    # Whatever is wrong with a connection that we give up.
    with contextlib.suppress(OSError, box.client.error, ImapToolsError):
        box.client.shutdown()


class ImapSession:
    """A folder that is open."""

    def __init__(self, box: BaseMailBox, account: Account) -> None:
        self._box, self._account = box, account
        # servers tell only those who are signed in all they can
        self._can = {one.upper() for one in _words(box.client.capability())}
        self._validity = _number(box.client.response("UIDVALIDITY")[1])
        self._missed_here: list[int] = []

    # -- taking in

    def drain(self, stopping: Callable[[], bool]) -> int:
        """Take in what is new, in batches: into the ledger, then told to the server, then the place is kept."""
        place = self._place()
        uids = self._wanted(place)
        fresh = 0
        for some in batches([self._name(uid) for uid in uids], BATCH):
            if stopping():
                break
            fresh += self._take(some)
            numbers = [int(name.partition("/")[2]) for name in some]
            self._after([one for one in numbers if one not in self._missed_here])
            self._keep_place(place | {"uid": max(place["uid"], *numbers)})
        return fresh

    def _take(self, names: Sequence[str]) -> int:
        fresh = 0
        for name in unknown(self._account.mailbox, names):
            uid = int(name.partition("/")[2])
            try:
                first = self._piece(uid, 0)
                if first is not None:
                    fresh += take_in(self._account, name, self._pieces(uid, first))
            except (Missed, DeskError) as error:
                # One message that cannot be had holds up none behind it; it is asked for again at the next connection.
                log.warning("mailbox %s: message %s: %s", self._account.mailbox.name, name, said(error))
                self._missed_here.append(uid)
        return fresh

    def _name(self, uid: int) -> str:
        return f"{self._validity}/{uid}"

    def _pieces(self, uid: int, first: bytes) -> Iterator[bytes]:
        offset, piece = 0, first
        while piece:
            yield piece
            offset += len(piece)
            if len(piece) < PIECE:
                return
            piece = self._piece(uid, offset) or b""

    def _piece(self, uid: int, offset: int) -> bytes | None:
        """A part of the message (RFC 9051 section 6.4.5.2); None when it is gone from the server."""
        status, data = self._box.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<{offset}.{PIECE}>)")
        if status != "OK":
            raise Missed(" ".join(_words((status, data))))
        for one in data:
            if isinstance(one, tuple) and _UID_COPY.search(one[0]):
                return bytes(one[1])
        return b"" if any(isinstance(one, bytes) and _UID_COPY.search(one) for one in data) else None

    # -- which

    def _place(self) -> dict[str, Any]:
        """How far we came; made anew for another folder, another server, or when the server renumbered."""
        kept: dict[str, Any] = self._account.mailbox.position
        facts = self._account.facts
        here = {"folder": facts.folder, "host": facts.host, "validity": self._validity}
        if all(kept.get(name) == value for name, value in here.items()):
            return kept
        again = bool(kept.get("validity")) and kept.get("folder") == facts.folder
        upto = max(self._search("ALL"), default=0)
        among = (
            self._renumbered()
            if again
            else {Begin.ALL: "ALL", Begin.UNREAD: "UNSEEN"}.get(Begin(facts.begin))
        )
        place = here | {"uid": 0 if among else upto, "upto": upto, "among": among or "ALL", "missed": []}
        self._keep_place(place)
        return place

    def _renumbered(self) -> str:
        """Which of the old messages may be new to us: what is unread, and what came since about the last look."""
        looked = self._account.mailbox.looked_at
        if looked is None:
            return "ALL"
        day = looked - _AGAIN
        return f"OR UNSEEN SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"

    def _wanted(self, place: dict[str, Any]) -> list[int]:
        beyond = place["uid"] + 1
        # "n:*" names the last message even when it is before n (RFC 9051 section 6.4.9)
        found = {uid for uid in self._search(f"UID {beyond}:*") if uid >= beyond}
        if beyond <= place["upto"] and place["among"] != "ALL":
            among = set(self._search(place["among"]))
            found = {uid for uid in found if uid > place["upto"] or uid in among}
        missed = {uid for uid in place.get("missed", []) if uid not in self._missed_here}
        return sorted(found | missed)

    def _search(self, criteria: str) -> list[int]:
        return [int(one) for one in self._box.uids(criteria, charset=None)]

    def _keep_place(self, place: dict[str, Any]) -> None:
        place["missed"] = self._missed_here[-_MOST_MISSED:]
        mailbox = self._account.mailbox
        mailbox.position = dict(place)
        Mailbox.objects.filter(pk=mailbox.pk).update(position=place)

    # -- afterwards

    def _after(self, uids: Sequence[int]) -> None:
        """Tell the server that these are in the ledger."""
        facts, joined = self._account.facts, ",".join(str(uid) for uid in uids)
        if not joined or facts.after == After.LEAVE:
            return
        if facts.after == After.MOVE and facts.move_to:
            self._move(joined, encode_folder(facts.move_to))
        elif facts.after == After.DELETE:
            self._remove(joined)
        else:
            self._tell("STORE", joined, "+FLAGS.SILENT", r"(\Seen)")

    def _move(self, joined: str, folder: Any) -> None:
        if "MOVE" in self._can:
            self._tell("MOVE", joined, folder)
        else:
            self._tell("COPY", joined, folder)
            self._remove(joined)

    def _remove(self, joined: str) -> None:
        self._tell("STORE", joined, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._can:
            # only ours, not what others marked (RFC 4315 section 2.1)
            self._tell("EXPUNGE", joined)
        else:
            self._box.expunge()

    def _tell(self, verb: str, *words: Any) -> None:
        status, data = self._box.client.uid(verb, *words)
        if status != "OK":
            text = " ".join(_words((status, data)))
            raise SourceTrouble(Code.FOLDER if "TRYCREATE" in text.upper() else Code.PROTOCOL, text)

    # -- waiting

    def wait(self, wake: int) -> bool:
        """IDLE where the server can, else look again after the time of the mailbox."""
        if "IDLE" not in self._can:
            _readable([wake], self._account.facts.poll_s)
            # the server need not look for new messages before a SEARCH (RFC 9051 section 6.1.2)
            self._box.client.noop()
            return True
        self._box.idle.start()  # type: ignore[no-untyped-call]  # imap-tools
        try:
            if not self._told_already():
                _readable([wake, self._box.client.sock.fileno()], IDLE_S)
        finally:
            self._box.idle.stop()  # type: ignore[no-untyped-call]  # imap-tools
        return True

    def _told_already(self) -> bool:
        """True when the server said more in one breath with its consent to IDLE: then the socket stays silent."""
        sock, file = self._box.client.sock, self._box.client.file
        sock.settimeout(0)
        try:
            return bool(file.peek(1))  # type: ignore[union-attr]  # a BufferedReader, typed as any file
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            sock.settimeout(TIMEOUT_S)

    def describe(self) -> tuple[int, int | None]:
        """Messages there, and those nobody has read."""
        if self._account.facts.after == After.MOVE and self._account.facts.move_to:
            self._look_for_move_folder()
        return len(self._search("ALL")), len(self._search("UNSEEN"))

    def _look_for_move_folder(self) -> None:
        wanted = self._account.facts.move_to
        if not self._box.folder.exists(wanted):
            raise SourceTrouble(Code.FOLDER, wanted)

    def close(self) -> None:
        """Say good-bye."""
        with contextlib.suppress(OSError, self._box.client.error, ImapToolsError):
            self._box.logout()


def _readable(files: Sequence[int], seconds: float) -> None:
    poll = select.poll()
    for one in files:
        poll.register(one, select.POLLIN)
    poll.poll(seconds * 1000)


def _words(answer: tuple[Any, Any]) -> list[str]:
    parts = [one for one in answer[1] or () if isinstance(one, bytes)]
    return b" ".join(parts).decode(errors="replace").split()


def _number(data: Sequence[Any] | None) -> int:
    """UIDVALIDITY; a server that gives none (RFC 9051 section 2.3.1.1 demands it) has one numbering for ever."""
    text = next((one.decode(errors="replace") for one in data or () if isinstance(one, bytes)), "")
    return int(text) if text.isdigit() else 0
