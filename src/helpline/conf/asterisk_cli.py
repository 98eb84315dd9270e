"""`helpline asterisk config DIR`: writes the files of an Asterisk 22 that serves this desk."""

import argparse
import os
import sys
from pathlib import Path

from helpline.conf.environment import Environment, read_environment
from helpline.telephony.asterisk.pjsip import browser_of
from helpline.telephony.asterisk.site import Certificate, Folders, PjsipObject, Site, SiteInvalid
from helpline.telephony.asterisk.write import write

_DESCRIPTION = (
    "Write the configuration of an Asterisk 22 that serves this desk: run `asterisk -C DIR/asterisk.conf`, and the "
    "desk with HELPLINE_ARI_URL=http://HOST:PORT/ari. Addresses, ports and secrets are those of the environment "
    "(HELPLINE_SIP_HOST, HELPLINE_SIP_PORT, HELPLINE_ARI_HOST, HELPLINE_ARI_PORT, HELPLINE_ARI_USER, "
    "HELPLINE_ARI_PASSWORD, HELPLINE_RTP_PORTS, HELPLINE_ORIGINS)."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The arguments of `helpline asterisk`."""
    parser.description = _DESCRIPTION
    parser.add_argument("action", choices=["config"])
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the files go; made if need be")
    parser.add_argument("--state", type=Path, help="where Asterisk keeps recordings, logs and its database")
    parser.add_argument("--tree", type=Path, help="root of an Asterisk that is not installed in this system")
    parser.add_argument("--https-port", type=int, help="port for SIP over secure WebSocket")
    parser.add_argument("--certificate", type=Path, help="PEM chain, for TLS and secure WebSocket")
    parser.add_argument("--key", type=Path, help="PEM key of the certificate")
    parser.add_argument(
        "--standalone",
        action="store_true",
        help="accounts and trunks into the files too: Asterisk then knows them while the desk is away, "
        "and needs this command and a reload after each change",
    )


def asterisk(options: argparse.Namespace) -> int:
    """0 when written, 1 with a line on standard error when it cannot be."""
    try:
        site = _site(options, read_environment())
        written = write(site, options.folder)
    except (SiteInvalid, OSError) as error:
        sys.stderr.write(f"helpline asterisk config: {error}\n")
        return 1
    folder = options.folder.resolve()
    sys.stdout.write(f"{len(written)} files in {folder}. Start: asterisk -f -C {folder}/asterisk.conf\n")
    return 0


def _site(options: argparse.Namespace, env: Environment) -> Site:
    first, last = _rtp_ports()
    certificate = None
    if options.certificate or options.key:
        if not (options.certificate and options.key):
            raise SiteInvalid("--certificate and --key go together")
        certificate = Certificate(options.certificate.resolve(), options.key.resolve())
    return Site(
        sip_host=env.sip_host,
        sip_port=env.sip_port,
        http_host=env.ari_host,
        http_port=env.ari_port,
        ari_user=env.ari_user,
        ari_password=env.ari_password,
        rtp_first=first,
        rtp_last=last,
        origins=env.origins,
        https_port=options.https_port,
        certificate=certificate,
        folders=Folders(state=_resolved(options.state), tree=_resolved(options.tree)),
        objects=_objects() if options.standalone else (),
    )


def _resolved(path: Path | None) -> Path | None:
    return path.resolve() if path else None


def _rtp_ports() -> tuple[int, int]:
    text = os.environ.get("HELPLINE_RTP_PORTS", "20000-29999")
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit()):
        raise SiteInvalid(f"HELPLINE_RTP_PORTS={text!r}: give FIRST-LAST")
    return int(first), int(last)


def _objects() -> tuple[PjsipObject, ...]:
    """What the desk would give over ARI: the same objects by the same functions."""
    from helpline.acd import accounts, trunks
    from helpline.telephony import trunks as rows

    people = [
        named
        for each in accounts.wanted()
        for named in (
            (each.username, accounts.objects(each, one_phone=True)),
            (browser_of(each.username), accounts.browser_objects(each)),
        )
    ]
    lines = [(each.endpoint, trunks.objects(each)) for each in rows.lines()]
    return tuple(
        PjsipObject(kind, name, fields)
        for name, objects in (*people, *lines)
        for kind, fields in objects.items()
    )
