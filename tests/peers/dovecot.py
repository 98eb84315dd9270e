"""Dovecot with a configuration of its own, its mail in a folder of the test."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from tests.peers.ports import free_port

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
PASSWORD = "let-me-in"

_CONFIG = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
mail_location = maildir:{base}/mail/%u
first_valid_uid = {uid}
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_max_userip_connections = 50
auth_failure_delay = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{passdb}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
_OAUTH = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {base}/oauth2.conf
}}
"""


class Dovecot:
    """``with Dovecot(tmp_path) as server``: any user signs in with PASSWORD, over IMAP and POP3, without TLS.

    `introspect`: a URL that tells of an access token whose it is (RFC 7662), for XOAUTH2.
    """

    def __init__(self, directory: Path, introspect: str = "") -> None:
        self.base = directory / "dovecot"
        self.imap, self.pop3 = free_port(), free_port()
        self._introspect = introspect
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert DOVECOT is not None, "dovecot is not installed"
        self._write_config()
        self.start()
        return self

    def __exit__(self, *_args: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers at both ports."""
        with (self.base / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [str(DOVECOT), "-F", "-c", str(self.base / "dovecot.conf")], stdout=out, stderr=out
            )
        for port in (self.imap, self.pop3):
            self._until_it_answers(port)

    def stop(self) -> None:
        """Stop it; its mail stays."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(10)

    def deliver(self, user: str, messages: Iterable[bytes], folder: str = "") -> None:
        """Lay messages into the mailbox of a user, as a delivery agent does (maildir(5))."""
        place = self.base / "mail" / user / folder
        for name in ("new", "cur", "tmp"):
            (place / name).mkdir(parents=True, exist_ok=True)
        for number, raw in enumerate(messages):
            name = f"{time.time_ns()}.{number}.test"
            (place / "tmp" / name).write_bytes(raw)
            (place / "tmp" / name).rename(place / "new" / name)
        self._own(self.base / "mail")

    def flags(self, user: str, folder: str = "") -> list[str]:
        """The flags of every message there, as maildir writes them: "S" is seen, "" is new."""
        place = self.base / "mail" / user / folder
        files = [*(place / "new").glob("*"), *(place / "cur").glob("*")]
        return sorted(file.name.partition(":2,")[2] for file in files)

    def renumber(self, user: str) -> None:
        """Give the mailbox another UIDVALIDITY, as after a restore; the server must be stopped."""
        place = self.base / "mail" / user
        listed = place / "dovecot-uidlist"
        head, _line, rest = listed.read_text().partition("\n")
        changed = re.sub(r"\bV(\d+)", lambda found: f"V{int(found[1]) + 1000}", head)
        assert changed != head
        listed.write_text(f"{changed}\n{rest}")
        for file in place.glob("dovecot.index*"):
            file.unlink()

    def log(self) -> str:
        """What it wrote, for a test that failed."""
        return "\n".join(one.read_text() for one in (self.base / "out", self.base / "log") if one.exists())

    def _write_config(self) -> None:
        root = os.getuid() == 0
        mail = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
        internal = "dovecot" if root else mail.pw_name
        self._uid, self._gid = mail.pw_uid, mail.pw_gid
        for name in ("run", "state", "mail", "home"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        self._own(self.base / "mail", self.base / "home")
        self._open_the_way()
        told = {"base": self.base, "imap": self.imap, "pop3": self.pop3, "password": PASSWORD}
        told |= {"uid": self._uid, "gid": self._gid, "internal": internal}
        told |= {
            "login": "dovenull" if root else mail.pw_name,
            "mechanisms": " xoauth2" if self._introspect else "",
        }
        told["group"] = "dovecot" if root else _group(self._gid)
        told["passdb"] = _OAUTH.format(base=self.base) if self._introspect else ""
        (self.base / "dovecot.conf").write_text(_CONFIG.format(**told))
        (self.base / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {self._introspect}\nusername_attribute = username\n"
            "active_attribute = active\nactive_value = true\n"
        )

    def _open_the_way(self) -> None:
        """Its processes run as other people: each folder above may be passed through."""
        for above in (self.base, *self.base.parents):
            if above.stat().st_uid == os.getuid() and above != Path("/"):
                above.chmod(above.stat().st_mode | 0o111)

    def _own(self, *places: Path) -> None:
        if os.getuid() == 0:
            for place in places:
                for one in (place, *place.rglob("*")):
                    os.chown(one, self._uid, self._gid)

    def _until_it_answers(self, port: int) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as link:
                    if link.recv(3) in (b"* O", b"+OK"):
                        return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"dovecot does not answer: {self.log()}")


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name
