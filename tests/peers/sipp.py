"""SIPp as caller or called side: scenarios written step by step, run as a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.ports import SIPP_MEDIA, free_port
from tests.peers.switch import Switch

PCAP = Path("/usr/share/sip-tester")
SIPP = shutil.which("sipp")
_KEY_NAMES = {"*": "star", "#": "pound"}

_HEAD = """\
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "{name}" <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]x[call_number]
To: <sip:{called}@[remote_ip]:[remote_port]>{to_tag}
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:{caller}@[local_ip]:[local_port]>
Max-Forwards: 70
"""

_SDP = """\
v=0
o=carl 53655765 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio {port} RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a={direction}
"""


@dataclass
class Caller:
    """A scenario of a caller. Each verb appends steps; ``xml`` gives the file.

    ``media_port`` None lets SIPp send media itself (``play_key``); a number is the port of a ``Voice`` of the test.
    """

    called: str = "100"
    caller: str = "carl"
    name: str = "Carl"
    media_port: int | None = None
    _steps: list[str] = field(default_factory=list)
    _cseq: int = 1

    def _same_branch(self, request: str) -> str:
        """CANCEL and the ACK of a refusal carry the branch of the INVITE (RFC 3261 9.1, 17.1.1.3), our first step."""
        return request.replace("[branch]", f"[branch-{len(self._steps)}]")

    def _request(
        self, method: str, body: str = "", *, cseq: int, extra: str = "", retrans: bool = True
    ) -> str:
        first = method == "INVITE" and cseq == 1
        head = _HEAD.format(
            name=self.name,
            caller=self.caller,
            called=self.called,
            to_tag="" if first or method == "CANCEL" else "[peer_tag_param]",
            cseq=cseq,
            method=method,
        )
        line = (
            f"{method} [next_url] SIP/2.0"
            if not (first or method == "CANCEL")
            else (f"{method} sip:{self.called}@[remote_ip]:[remote_port] SIP/2.0")
        )
        routes = "" if first or method == "CANCEL" else "[routes]\n"
        kind = "Content-Type: application/sdp\n" if body.startswith("v=0") else ""
        text = f"{line}\n{head}{routes}{extra}{kind}Content-Length: [len]\n\n{body}"
        attribute = ' retrans="500"' if retrans else ""
        return f"  <send{attribute}><![CDATA[\n\n{text}\n]]></send>\n"

    def _sdp(self, direction: str, version: int) -> str:
        port = "[media_port]" if self.media_port is None else str(self.media_port)
        return _SDP.format(port=port, direction=direction, version=version)

    def _expect(self, code: int, *, optional: bool = False, rrs: bool = False) -> str:
        flags = (' optional="true"' if optional else "") + (' rrs="true"' if rrs else "")
        return f'  <recv response="{code}"{flags}/>\n'

    def invite(self, *, offer: bool = True, extra: str = "") -> Caller:
        """Sends INVITE; with ``offer`` False without a session description."""
        body = self._sdp("sendrecv", 1) if offer else ""
        self._steps.append(self._request("INVITE", body, cseq=1, extra=extra))
        self._steps.append(self._expect(100, optional=True))
        return self

    def ringing(self, *, optional: bool = True) -> Caller:
        self._steps += [self._expect(code, optional=optional) for code in (180,)]
        return self

    def answered(self, *, answer: bool = False) -> Caller:
        """Waits for 200, sends ACK; with ``answer`` True the ACK carries our session description."""
        self._steps.append(self._expect(180, optional=True))
        self._steps.append(self._expect(200, rrs=True))
        body = self._sdp("sendrecv", 1) if answer else ""
        self._steps.append(self._request("ACK", body, cseq=1, retrans=False))
        return self

    def refused(self, code: int) -> Caller:
        """Waits for a final refusal and acknowledges it."""
        self._steps.append(self._expect(180, optional=True))
        self._steps.append(f'  <recv response="{code}"/>\n')
        ack = self._request("ACK", cseq=1, retrans=False).replace(
            "[next_url]", f"sip:{self.called}@[remote_ip]:[remote_port]"
        )
        self._steps.append(self._same_branch(ack))
        return self

    def cancel(self) -> Caller:
        """Gives up: CANCEL, 200, 487, ACK. Goes after ``ringing(optional=False)``, for SIPp wants something to wait for."""
        self._steps.append(self._same_branch(self._request("CANCEL", cseq=1)))
        self._steps.append(self._expect(200))
        return self.refused(487)

    def wait(self, seconds: float) -> Caller:
        self._steps.append(f'  <pause milliseconds="{int(seconds * 1000)}"/>\n')
        return self

    def play_key(self, key: str) -> Caller:
        """Sends a key by RFC 4733 from SIPp's own capture files (needs raw sockets, so root)."""
        return self.play(PCAP / f"dtmf_2833_{_KEY_NAMES.get(key, key)}.pcap")

    def play(self, capture: Path) -> Caller:
        """Plays an RTP capture; goes on at once."""
        action = f'<exec play_pcap_audio="{capture}"/>'
        self._steps.append(f"  <nop><action>{action}</action></nop>\n")
        return self

    def info_key(self, key: str, ms: int = 160) -> Caller:
        """Sends a key as INFO with application/dtmf-relay."""
        self._cseq += 1
        body = f"Signal={key}\nDuration={ms}\n"
        extra = "Content-Type: application/dtmf-relay\n"
        self._steps.append(self._request("INFO", body, cseq=self._cseq, extra=extra))
        self._steps.append(self._expect(200))
        return self

    def reinvite(self, direction: str) -> Caller:
        """Offers another direction: sendonly is hold, sendrecv resumes."""
        self._cseq += 1
        self._steps.append(self._request("INVITE", self._sdp(direction, self._cseq), cseq=self._cseq))
        self._steps.append(self._expect(100, optional=True))
        self._steps.append(self._expect(200))
        self._steps.append(self._request("ACK", cseq=self._cseq, retrans=False))
        return self

    def updated(self, timeout_s: float = 30) -> Caller:
        """Waits for a re-INVITE of the switch and accepts it with our old session description."""
        self._steps.append(f'  <recv request="INVITE" timeout="{int(timeout_s * 1000)}"/>\n')
        headers = "".join(f"[last_{name}:]\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
        contact = f"Contact: <sip:{self.caller}@[local_ip]:[local_port]>\n"
        kind = "Content-Type: application/sdp\nContent-Length: [len]\n"
        text = f"SIP/2.0 200 OK\n{headers}{contact}{kind}\n{self._sdp('sendrecv', 1)}"
        self._steps.append(f'  <send retrans="500"><![CDATA[\n\n{text}\n]]></send>\n')
        self._steps.append('  <recv request="ACK"/>\n')
        return self

    def bye(self) -> Caller:
        self._cseq += 1
        self._steps.append(self._request("BYE", cseq=self._cseq))
        self._steps.append(self._expect(200))
        return self

    def hung_up(self, timeout_s: float = 30) -> Caller:
        """Waits for the switch's BYE and answers it."""
        self._steps.append(f'  <recv request="BYE" timeout="{int(timeout_s * 1000)}"/>\n')
        self._steps.append(
            "  <send><![CDATA[\n\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n"
            "[last_CSeq:]\nContent-Length: 0\n\n]]></send>\n"
        )
        return self

    def stays(self, timeout_s: float = 30) -> Caller:
        """Waits for the switch's BYE; a silent caller who is asked by re-INVITE whether they are there says yes."""
        self._steps.append('  <label id="1"/>\n  <recv request="INVITE" optional="true" next="2"/>\n')
        self.hung_up(timeout_s)
        self._steps[-1] = self._steps[-1].replace("<send>", '<send next="3">')
        self._steps.append('  <label id="2"/>\n')
        self.updated(timeout_s)
        asked, accepts, acknowledged = self._steps[-3:]
        assert "INVITE" in asked
        self._steps[-3:] = [accepts, acknowledged.replace("/>", ' next="1"/>'), '  <label id="3"/>\n']
        return self

    def xml(self) -> str:
        steps = "".join(self._steps)
        return f'<?xml version="1.0" encoding="us-ascii"?>\n<scenario name="caller">\n{steps}</scenario>\n'


def callee(media_port: int, *, ring_s: float = 0.2) -> str:
    """A scenario of a called side, as a trunk is: rings, answers, waits for our BYE."""
    headers = "".join(f"[last_{name}:]\n" for name in ("Via", "From", "Call-ID", "CSeq"))
    reply = headers + "[last_To:];tag=[pid]y[call_number]\nContact: <sip:[local_ip]:[local_port]>\n"
    kind = "Content-Type: application/sdp\nContent-Length: [len]\n"
    body = _SDP.format(port=media_port, direction="sendrecv", version=1)
    nothing = "Content-Length: 0\n\n"
    bye = headers + "[last_To:]\n"
    steps = (
        '  <recv request="INVITE"/>\n'
        f"  <send><![CDATA[\n\nSIP/2.0 180 Ringing\n{reply}{nothing}]]></send>\n"
        f'  <pause milliseconds="{int(ring_s * 1000)}"/>\n'
        f'  <send retrans="500"><![CDATA[\n\nSIP/2.0 200 OK\n{reply}{kind}\n{body}\n]]></send>\n'
        '  <recv request="ACK"/>\n  <recv request="BYE"/>\n'
        f"  <send><![CDATA[\n\nSIP/2.0 200 OK\n{bye}{nothing}]]></send>\n"
    )
    return f'<?xml version="1.0" encoding="us-ascii"?>\n<scenario name="callee">\n{steps}</scenario>\n'


class Sipp:
    """One run of SIPp. ``async with Sipp(switch, scenario)`` starts it; ``finished`` waits for its end.

    ``calls`` and ``rate`` (per second) make it many calls; ``transport`` is SIPp's: u1, t1, tn, l1.
    """

    def __init__(
        self,
        switch: Switch,
        scenario: Caller | str,
        directory: Path,
        *,
        calls: int = 1,
        rate: float = 10,
        transport: str = "u1",
        timeout_s: int = 60,
        extra: tuple[str, ...] = (),
    ) -> None:
        self.port = free_port(2)
        self.media_port = free_port(4, SIPP_MEDIA)
        self.directory = directory / f"sipp-{self.port}"
        self._switch, self._scenario = switch, scenario
        self._calls, self._rate, self._transport, self._timeout_s = calls, rate, transport, timeout_s
        self._extra = extra
        self.process: asyncio.subprocess.Process | None = None

    def _command(self) -> list[str]:
        assert SIPP is not None, "sipp is not installed"
        port = self._switch.sip_port + (1 if self._transport.startswith("l") else 0)
        return [
            SIPP, f"127.0.0.1:{port}", "-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(self.port),
            "-mi", "127.0.0.1", "-mp", str(self.media_port), "-m", str(self._calls), "-r", str(self._rate),
            "-l", str(max(self._calls, 1)), "-t", self._transport, "-nostdin", "-trace_err", "-aa",
            "-timeout", f"{self._timeout_s}s", "-timeout_error", *self._extra,
        ]  # fmt: skip

    async def __aenter__(self) -> Sipp:
        self.directory.mkdir(parents=True)
        xml = self._scenario if isinstance(self._scenario, str) else self._scenario.xml()
        (self.directory / "scenario.xml").write_text(xml)
        self.process = await asyncio.create_subprocess_exec(
            *self._command(),
            cwd=self.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def finished(self, timeout: float = 30) -> None:
        """Waits for the end. Raises AssertionError with SIPp's own words when a call failed."""
        assert self.process is not None
        assert self.process.stderr is not None
        words = await asyncio.wait_for(self.process.stderr.read(), timeout)
        code = await asyncio.wait_for(self.process.wait(), timeout)
        assert code == 0, f"sipp ended with {code}: {self.errors()} {words.decode(errors='replace')[-500:]}"

    def errors(self) -> str:
        """What SIPp wrote about failed calls."""
        return "\n".join(
            file.read_text(errors="replace")[-2000:] for file in self.directory.glob("*_errors.log")
        )

    def vanish(self) -> None:
        """Dies without a word to anyone, as a phone whose plug is pulled."""
        assert self.process is not None
        self.process.kill()


async def send_raw(switch: Switch, *messages: bytes, wait_s: float = 1.0, port: int = 0) -> list[bytes]:
    """UDP datagrams to the switch from one port (0: any); what it answers to each at once (empty: nothing)."""
    loop = asyncio.get_running_loop()
    answers: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        sock.setblocking(False)
        for message in messages:
            await loop.sock_sendto(sock, message, ("127.0.0.1", switch.sip_port))
            try:
                answers.append(await asyncio.wait_for(loop.sock_recv(sock, 65_536), wait_s))
            except TimeoutError:
                answers.append(b"")
    return answers
