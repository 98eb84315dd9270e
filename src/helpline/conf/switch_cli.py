"""`helpline switch status | trace | drain`: the phone switch at the terminal."""

import argparse
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpline.conf.environment import read_environment
from helpline.telephony import eavesdrop, ladder, pcap
from helpline.telephony.node_names import name_of
from helpline.telephony.switch_reader import NoSuchDoor, SwitchAway, SwitchReader, SwitchRefused

_PATIENCE_S = 5.0
_LONGEST_SOUND_S = 300.0
#: who may have the sound of calls written to a file must have said so
_ALLOW = "HELPLINE_TRACE_SOUND"

Json = Mapping[str, Any]


class _Told(Exception):
    """What the person at the terminal must know; the command ends with 1."""


def add_to(command: argparse.ArgumentParser, start: Callable[[argparse.Namespace], int]) -> None:
    """Give `helpline switch` its words; without one it starts the switch."""
    command.set_defaults(run=start)
    words = command.add_subparsers(dest="word", metavar="{start,status,trace,drain}")
    words.add_parser("start", help="Start the embedded switch.").set_defaults(run=start)
    looking = words.add_parser("status", help="What goes on in the switch.")
    _add_node(looking, "look at this one of several nodes (HOST:PORT of its URL); without it at each")
    looking.set_defaults(run=_guarded(status))
    tracing = words.add_parser("trace", help="The SIP messages of a call as a ladder.")
    tracing.add_argument("call", help="the id of a call, as in the address of its page, or of one channel")
    tracing.add_argument("--text", action="store_true", help="print the whole messages too")
    tracing.add_argument("--pcap", type=Path, metavar="FILE", help="write the messages as a pcap file")
    tracing.add_argument(
        "--rtp",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help=f"with --pcap: take so many seconds of sound from the network too; needs {_ALLOW}=1 and root",
    )
    tracing.set_defaults(run=_guarded(trace))
    draining = words.add_parser("drain", help="Take no new calls, let the others end, then start afresh.")
    draining.add_argument("--seconds", type=int, default=300, help="how long to wait for calls to end")
    _add_node(draining, "which of several nodes: HOST:PORT of its URL")
    draining.set_defaults(run=_guarded(drain))


def _add_node(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("node", nargs="?", default="", metavar="NODE", help=text)


def _guarded(do: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        try:
            return do(options)
        except SwitchAway as error:
            print(f"The switch does not answer at {_reader().url}: {error}", file=sys.stderr)
        except (_Told, SwitchRefused) as error:
            print(str(error), file=sys.stderr)
        return 1

    return run


def _reader(node: str = "") -> SwitchReader:
    """The switch, or the node of this name; the first of several when none is named. Raises _Told for an unknown one."""
    env = read_environment()
    known = {name_of(url): url for url in env.ari_urls}
    if node and node not in known:
        raise _Told(f"There is no node {node}. The nodes of HELPLINE_ARI_URL: {', '.join(known)}.")
    return SwitchReader(known.get(node, env.ari_url), env.ari_user, env.ari_password, _PATIENCE_S)


def _node_names() -> tuple[str, ...]:
    return tuple(name_of(url) for url in read_environment().ari_urls)


# --- status


def status(options: argparse.Namespace) -> int:
    """Print what is there. Returns 0 when the switch answers, of several each that was asked."""
    names = (options.node,) if options.node else _node_names()
    if len(names) == 1:
        return _status_of(_reader(options.node) if options.node else _reader())
    results = []
    for name in names:
        print(_line("node", name))
        try:
            results.append(_status_of(_reader(name)))
        except (SwitchAway, SwitchRefused) as error:
            print(_line("away", error))
            results.append(1)
    return max(results)


def _status_of(reader: SwitchReader) -> int:
    try:
        told = reader.get("helpline", "status")
    except NoSuchDoor:
        print("\n".join(_foreign(reader)))
        return 0
    print("\n".join(_embedded(reader, told)))
    return 0


def _foreign(reader: SwitchReader) -> Iterable[str]:
    """Asterisk: what plain ARI tells."""
    info = reader.get("asterisk", "info")
    yield _line("switch", f"Asterisk {info.get('system', {}).get('version', '')}".strip())
    yield _line("channels", len(reader.get("channels")))
    yield _line("bridges", len(reader.get("bridges")))
    online = [one for one in reader.get("endpoints") if one.get("state") == "online"]
    yield _line("registered", ", ".join(sorted(one["resource"] for one in online)) or "nobody")


def _embedded(reader: SwitchReader, told: Json) -> Iterable[str]:
    media = told["media"]
    own = _maybe(reader, "signalling") or {}
    yield _line("switch", f"embedded, pid {own.get('pid', '?')}, since {own.get('since', '?')}")
    if own.get("draining_ends_in_s") is not None:
        yield _line("draining", f"no new calls; the rest is hung up in {own['draining_ends_in_s']:.0f} s")
    yield _line("desk", ", ".join(told["applications"]) or "not connected")
    waiting = told["waiting_for_application"]
    yield _line("channels", f"{told['channels']}" + (f", {waiting} wait for the desk" if waiting else ""))
    yield _line("bridges", told["bridges"])
    yield _line("recordings", told["recordings"])
    yield _line("legs", f"{media['legs']} in the mixer, real-time priority: {media['realtime']}")
    yield _line("ticks", f"{media['ticks']}, late {_share(media['late_ticks'], media['ticks'])}")
    yield _line("worst tick", f"{media['worst_late_ms']:.1f} ms late, {media['skipped_ticks']} skipped")
    yield _line(
        "sound", f"{media['concealed']} frames concealed, {media['underruns']} underruns on these legs"
    )
    yield from _legs(_maybe(reader, "legs") or ())
    yield from _registered(_maybe(reader, "registrations") or (), told["accounts"])
    yield from _others(reader)


def _legs(rows: Sequence[Json]) -> Iterable[str]:
    for row in rows:
        rtp = row["rtp"] or {}
        lost = _share(rtp.get("lost", 0), rtp.get("received", 0) + rtp.get("lost", 0))
        mos = rtp.get("mos_estimate")
        heard = [
            f"{rtp.get('received', 0)} packets",
            f"{lost} lost",
            f"jitter {1000 * rtp.get('jitter', 0):.1f} ms",
        ]
        heard += [f"MOS estimate {mos:.1f}"] if mos is not None else []
        yield _line("", f"{row['name']:24} {row['state']:8} {', '.join(heard)}")


def _registered(rows: Sequence[Json], accounts: int) -> Iterable[str]:
    yield _line("registered", f"{len(rows)} phones, {accounts} accounts")
    for row in rows:
        kind = "browser" if row["browser"] else row["transport"]
        yield _line("", f"{row['account']:12} {kind:8} {row['source']:22} {row['user_agent'][:40]}")


def _others(reader: SwitchReader) -> Iterable[str]:
    """Doors that not every switch has."""
    for door in ("trunks", "bans"):
        found = _maybe(reader, door)
        if found is None:
            continue
        rows = found if isinstance(found, list) else found.get(door, [])
        yield _line(door, len(rows))
        for row in rows:
            yield _line(
                "", ", ".join(f"{name} {value}" for name, value in row.items() if value not in ("", None))
            )


def _maybe(reader: SwitchReader, door: str) -> Any:
    try:
        return reader.get("helpline", door)
    except NoSuchDoor:
        return None


def _line(name: str, value: object) -> str:
    return f"{name:12}{value}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "0 %"


# --- trace


def trace(options: argparse.Namespace) -> int:
    """Print the ladder of a call; write a pcap file when one is asked for."""
    if options.rtp and not options.pcap:
        raise _Told("--rtp needs --pcap FILE to write to.")
    reader, found = _where_kept(_legs_of(options.call))
    if not found:
        raise _Told("Nothing is kept of this call: it is not known here, or its time is over.")
    drawing = ladder.build(found, "switch")
    print("\n".join(ladder.drawn(drawing)))
    if options.text:
        print(
            "\n".join(
                f"\n{step.at:%H:%M:%S.%f} {step.transport}\n{step.text.strip()}" for step in drawing.steps
            )
        )
    if options.pcap:
        sound = _sound(reader, options, [told for _name, told in found]) if options.rtp else []
        packets = [packet for _name, told in found for packet in pcap.of_trace(told)] + sound
        _write(options.pcap, packets)
    return 0


def _where_kept(legs: Sequence[tuple[str, str]]) -> tuple[SwitchReader, list[tuple[str, Json]]]:
    """What is kept of the legs, of all nodes, and the node that keeps the last of it. One that is away counts as empty,
    unless it is the only one."""
    names = _node_names()
    if len(names) == 1:
        return (reader := _reader()), list(_traces(reader, legs))
    where, found = _reader(), []
    for name in names:
        try:
            here = list(_traces(_reader(name), legs))
        except SwitchAway as error:
            print(f"{name} does not answer: {error}", file=sys.stderr)
            continue
        where = _reader(name) if here else where
        found += here
    return where, found


def _traces(reader: SwitchReader, legs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, Json]]:
    for name, channel in legs:
        try:
            yield name, reader.get("helpline", "calls", channel, "trace")
        except NoSuchDoor:
            continue


def _legs_of(call: str) -> list[tuple[str, str]]:
    """Name and channel of each leg: of a call of the desk, or of the one channel that was named."""
    try:
        call_id = uuid.UUID(call)
    except ValueError:
        return [(call, call)]
    _open_desk()
    from helpline.telephony.tracing import legs_of

    return [(leg.name, leg.channel) for leg in legs_of(call_id)] or [(call, call)]


def _open_desk() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpline.conf.settings")
    import django

    django.setup()


def _write(path: Path, packets: Sequence[pcap.Packet]) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            count = pcap.write(file, packets)
    except OSError as error:
        raise _Told(f"{path}: {error.strerror}") from error
    print(f"{count} packets written to {path}")


def _sound(reader: SwitchReader, options: argparse.Namespace, traces: Sequence[Json]) -> list[pcap.Packet]:
    """Sound is what people say: only when the operator allows it, and never unnoticed."""
    if os.environ.get(_ALLOW) != "1":
        raise _Told(f"Taking sound from the network is not allowed here. Who runs the desk sets {_ALLOW}=1.")
    if not 0 < options.rtp <= _LONGEST_SOUND_S:
        raise _Told(f"--rtp takes up to {_LONGEST_SOUND_S:.0f} seconds.")
    if not eavesdrop.is_local(urlsplit(reader.url).hostname or ""):
        raise _Told("Sound can be taken only on the machine of the switch.")
    ports = frozenset().union(*(ladder.media_ports(one) for one in traces))
    if not ports:
        raise _Told("The call has no sound yet.")
    _audit(options)
    os.nice(10)
    try:
        return eavesdrop.packets(ports, options.rtp)
    except PermissionError as error:
        raise _Told("Packet sockets need root or the capability CAP_NET_RAW.") from error


def _audit(options: argparse.Namespace) -> None:
    _open_desk()
    from helpline.telephony.switch_actions import note_sound_taken

    note_sound_taken(options.call, options.rtp, os.environ.get("SUDO_USER") or os.environ.get("USER", ""))


# --- drain


def drain(options: argparse.Namespace) -> int:
    """Ask the switch to drain; it is started again by whoever watches it. Of several nodes one must be named."""
    names = _node_names()
    if len(names) > 1 and not options.node:
        raise _Told(f"Say which node shall drain: {', '.join(names)}.")
    reader = _reader(options.node) if options.node else _reader()
    try:
        told = reader.ask("POST", "helpline", "drain", seconds=options.seconds)
    except NoSuchDoor:
        raise _Told("This switch cannot be drained from here; Asterisk: core stop gracefully.") from None
    left = told["draining_ends_in_s"] or 0
    print(
        f"No new calls. {told['calls']} channels may go on for {left:.0f} s, then the switch starts afresh."
    )
    return 0
