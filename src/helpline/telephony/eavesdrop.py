"""Takes the RTP packets of a call from the network card, for a pcap file: only where the operator allows it.

Needs Linux and the right to open packet sockets (CAP_NET_RAW); packet(7).
"""

import ipaddress
import socket
import struct
import time

from helpline.telephony.pcap import Packet

_EVERY_PROTOCOL = 0x0003
_LOOPBACK, _OUTGOING = "lo", 4
_UDP = 17
_LONGEST = 65_535
_PATIENCE_S = 0.2


def packets(ports: frozenset[int], seconds: float) -> list[Packet]:
    """UDP packets from or to one of our ports, as they come in `seconds`. Raises PermissionError."""
    found: list[Packet] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL)) as card:
        card.settimeout(_PATIENCE_S)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data, (device, _protocol, kind, *_rest) = card.recvfrom(_LONGEST)
            except TimeoutError:
                continue
            # The loopback shows every packet twice: going out and coming in.
            if not (device == _LOOPBACK and kind == _OUTGOING) and is_of(data, ports):
                found.append(Packet(time.time(), data))
    return found


def is_of(data: bytes, ports: frozenset[int]) -> bool:
    """Whether an IP packet is a UDP datagram from or to one of the ports."""
    if len(data) < 28:
        return False
    version = data[0] >> 4
    if version == 4:
        head = (data[0] & 15) * 4
        protocol, fragment = data[9], struct.unpack_from(">H", data, 6)[0] & 0x1FFF
        is_udp = protocol == _UDP and not fragment
    else:
        head, is_udp = 40, version == 6 and data[6] == _UDP
    if not is_udp or len(data) < head + 8:
        return False
    return bool(ports.intersection(struct.unpack_from(">HH", data, head)))


def is_local(url_host: str) -> bool:
    """Whether the switch runs on this machine, as far as its address tells."""
    if url_host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(url_host).is_loopback
    except ValueError:
        return False
