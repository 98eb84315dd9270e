"""pjsip.conf and sorcery.conf: transports, callers without account, and where accounts and trunks live.

Accounts of people and trunks are not in the files unless they are asked for: the desk gives them over ARI (dynamic
configuration) whenever it connects, so that a new user rings without a reload. They live in Asterisk's memory.
"""

from collections.abc import Iterable

from helpline.telephony.asterisk.site import Site
from helpline.telephony.asterisk.text import document, section

#: where strangers, trunks and accounts come out in extensions.conf
CONTEXT = "helpline"
_AUDIO = (("disallow", "all"), ("allow", "ulaw,alaw"))
#: what the desk gives over ARI, by the section of sorcery.conf it is found in
_GIVEN = {
    "res_pjsip": ("auth", "aor", "endpoint"),
    "res_pjsip_endpoint_identifier_ip": ("identify",),
    "res_pjsip_outbound_registration": ("registration",),
}


#: The variable of a channel by which a REFER is the desk's to decide. It is not given with the accounts (`set_var`), for
#: Asterisk 22.10 refuses every later change of an endpoint that has one.
TRANSFERS = ("PJSIP_TRANSFER_HANDLING()", "ari-only")
#: the domain of whatever comes by WebSocket: Asterisk looks for the endpoint NAME@browser first, then for NAME
BROWSER = "browser"
#: DTLS-SRTP and ICE (RFC 8827); direct media would go past the recording
BROWSER_MEDIA = {
    "webrtc": "yes",
    "dtls_auto_generate_cert": "yes",
    "disallow": "all",
    "allow": "ulaw,alaw",
    "direct_media": "no",
}


def browser_of(account: str) -> str:
    """The endpoint (and address of record) of an account's browser."""
    return f"{account}@{BROWSER}"


def sorcery() -> str:
    """Each kind of object is looked for in memory, then in pjsip.conf; what ARI makes goes to memory."""
    return document(*(section(name, _places(kinds)) for name, kinds in _GIVEN.items()))


def _places(kinds: Iterable[str]) -> list[tuple[str, str]]:
    return [
        (kind, where) for kind in kinds for where in ("memory", f"config,pjsip.conf,criteria=type={kind}")
    ]


def pjsip(site: Site) -> str:
    return document(
        section(
            "global",
            [
                ("type", "global"),
                ("user_agent", "Helpline"),
                ("default_realm", site.realm),
                ("endpoint_identifier_order", "ip,username,anonymous"),
            ],
        ),
        *_transports(site),
        *_strangers(),
        *(section(each.name, [("type", each.kind), *each.fields.items()]) for each in site.objects),
    )


def _transports(site: Site) -> list[str]:
    bind = f"{site.sip_host}:{site.sip_port}"
    made = [
        section(name, [("type", "transport"), ("protocol", name), ("bind", bind)]) for name in ("udp", "tcp")
    ]
    web = ("domain", BROWSER)
    made.append(section("ws", [("type", "transport"), ("protocol", "ws"), ("bind", bind), web]))
    # Browsers register as NAME@REALM: by this their address of record is NAME@browser.
    made.append(section(site.realm, [("type", "domain_alias"), web]))
    if site.certificate:
        tls = f"{site.sip_host}:{site.sip_port + 1}"
        files = [("cert_file", str(site.certificate.chain)), ("priv_key_file", str(site.certificate.key))]
        options = [("type", "transport"), ("protocol", "tls"), ("bind", tls), *files, ("method", "tlsv1_2")]
        made.append(section("tls", options))
        made.append(section("wss", [("type", "transport"), ("protocol", "wss"), ("bind", tls), web]))
    return made


def _strangers() -> list[str]:
    """Whoever proves no account comes to the entry points and nowhere else, by telephone or by browser."""
    common = [("type", "endpoint"), ("context", CONTEXT), ("allow_transfer", "no")]
    telephone = [*common, *_AUDIO, ("direct_media", "no"), ("rtp_symmetric", "yes")]
    browser = [*common, *BROWSER_MEDIA.items()]
    return [section("anonymous", telephone), section(browser_of("anonymous"), browser)]
