"""All files but pjsip's."""

from collections.abc import Mapping

from helpline.telephony.asterisk import pjsip
from helpline.telephony.asterisk.modules import modules
from helpline.telephony.asterisk.site import Site
from helpline.telephony.asterisk.text import HEAD, document, section


def files(site: Site) -> Mapping[str, str]:
    """Text by file name. `asterisk.conf` wants to know the folder it lies in: see `asterisk`."""
    return {
        "pjsip.conf": pjsip.pjsip(site),
        "sorcery.conf": pjsip.sorcery(),
        "http.conf": http(site),
        "ari.conf": ari(site),
        "rtp.conf": rtp(site),
        "extensions.conf": extensions(site),
        "musiconhold.conf": musiconhold(),
        "indications.conf": indications(),
        "modules.conf": modules(),
        "logger.conf": logger(),
        **_unused(),
        "res_http_media_cache.conf": document(
            section("general", [("timeout_secs", 10), ("follow_location", 0)])
        ),
    }


def asterisk(site: Site, folder: str) -> str:
    """asterisk.conf: where everything lies. Without folders of its own Asterisk uses what it was built with."""
    places = [("astetcdir", folder)]
    if site.folders.state:
        names = {"astvarlibdir": "lib", "astdbdir": "lib", "astkeydir": "lib", "astspooldir": "spool"}
        names |= {"astrundir": "run", "astlogdir": "log", "astcachedir": "cache"}
        places += [(key, str(site.folders.state / name)) for key, name in names.items()]
    if site.folders.tree:
        usr = site.folders.tree / "usr"
        places += [("astdatadir", str(usr / "share/asterisk"))]
        places += [("astmoddir", str(each)) for each in sorted(usr.glob("lib/*/asterisk/modules"))[:1]]
    return document(section("directories", places), section("options", [("hideconnect", "yes")]))


def http(site: Site) -> str:
    options: list[tuple[str, str | int]] = [
        ("enabled", "yes"),
        ("bindaddr", site.http_host),
        ("bindport", site.http_port),
        ("sessionlimit", 1000),
    ]
    if site.certificate:
        options += [
            ("tlsenable", "yes"),
            ("tlsbindaddr", f"{site.http_host}:{site.https_port}"),
            ("tlscertfile", str(site.certificate.chain)),
            ("tlsprivatekey", str(site.certificate.key)),
        ]
    return document(section("general", options))


def ari(site: Site) -> str:
    return document(
        section(
            "general",
            [
                ("enabled", "yes"),
                ("pretty", "no"),
                ("channelvars", ",".join(site.channelvars)),
                ("allowed_origins", ",".join(site.origins)),
                # A desk that is busy for a moment keeps its event stream.
                ("websocket_write_timeout", 5000),
            ],
        ),
        section(
            site.ari_user,
            [
                ("type", "user"),
                ("read_only", "no"),
                ("password_format", "plain"),
                ("password", site.ari_password),
            ],
        ),
    )


def rtp(site: Site) -> str:
    return document(
        section(
            "general",
            [
                ("rtpstart", site.rtp_first),
                ("rtpend", site.rtp_last),
                ("strictrtp", "yes"),
                ("icesupport", "yes"),
            ],
        )
    )


def extensions(site: Site) -> str:
    """Every number dialled goes to the desk, which knows what it means.

    When the desk is away Stasis fails at once: the caller then waits with music, and is tried again every two seconds.
    """
    stasis = f"Stasis({site.application})"
    steps = [
        # A REFER of the telephone is told to the desk, and nothing is moved by itself.
        f"exten => _[+*#0-9]!,1,Set({pjsip.TRANSFERS[0]}={pjsip.TRANSFERS[1]})",
        # A number that is withheld is shown to nobody (RFC 3323); ARI would tell it.
        'exten => _[+*#0-9]!,n,GotoIf($["${CALLERID(pres):0:6}"!="prohib"]?desk)',
        "exten => _[+*#0-9]!,n,Set(CALLERID(all)=anonymous <anonymous>)",
        f"exten => _[+*#0-9]!,n(desk),{stasis}",
        'exten => _[+*#0-9]!,n,GotoIf($["${STASISSTATUS}"!="FAILED"]?over)',
        "exten => _[+*#0-9]!,n,Answer()",
        "exten => _[+*#0-9]!,n,MusicOnHold(default,2)",
        "exten => _[+*#0-9]!,n,Goto(desk)",
        "exten => _[+*#0-9]!,n(over),Hangup()",
    ]
    # Names are accounts of people; one letter alone has a meaning of its own in Asterisk (h, i, s, t).
    names = [step.replace("_[+*#0-9]!", "_[a-z].") for step in steps]
    return "\n".join([HEAD, f"[{pjsip.CONTEXT}]", *steps, *names, ""])


def musiconhold() -> str:
    return document(section("default", [("mode", "files"), ("directory", "moh"), ("sort", "random")]))


def indications() -> str:
    """Tones of most of Europe (ITU-T E.180 supplement 2): 425 Hz."""
    ring, busy = "425/1000,0/4000", "425/500,0/500"
    tones = [("ringcadence", "1000,4000"), ("dial", "425"), ("busy", busy), ("ring", ring)]
    tones += [("congestion", "425/240,0/240"), ("callwaiting", "425/150,0/150,425/150,0/4000")]
    return document(
        section("general", [("country", "eu")]), section("eu", [("description", "Europe"), *tones])
    )


def logger() -> str:
    return document(
        section("general", [("dateformat", "%F %T.%3q")]),
        section("logfiles", [("messages", "notice,warning,error")]),
    )


def _unused() -> dict[str, str]:
    """Asterisk complains about files that are not there, even of what is off."""
    off = document(section("general", [("enable", "no")]))
    return {"cdr.conf": off, "cel.conf": off, **dict.fromkeys(_EMPTY, HEAD)}


_EMPTY = (
    "acl.conf",
    "ccss.conf",
    "features.conf",
    "manager.conf",
    "pjproject.conf",
    "stasis.conf",
    "udptl.conf",
    "websocket_client.conf",
)
