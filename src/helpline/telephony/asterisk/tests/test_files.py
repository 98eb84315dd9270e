"""The files of an Asterisk: what stands in them, and what may not."""

import configparser
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from helpline.telephony.asterisk.files import asterisk, files
from helpline.telephony.asterisk.site import Certificate, Folders, PjsipObject, Site, SiteInvalid
from helpline.telephony.asterisk.text import section
from helpline.telephony.asterisk.write import write

SITE = Site(
    sip_host="192.0.2.5",
    sip_port=5060,
    http_host="127.0.0.1",
    http_port=8088,
    ari_user="helpline",
    ari_password="p;w#d",
    origins=("https://desk.example",),
)


def read(text: str) -> dict[str, dict[str, str]]:
    """The sections of a file that names none twice."""
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=(";",), interpolation=None)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def test_ari_listens_where_the_desk_asks_and_shows_what_it_reads() -> None:
    made = files(SITE)
    http = read(made["http.conf"])["general"]
    assert (http["bindaddr"], http["bindport"], http["enabled"]) == ("127.0.0.1", "8088", "yes")
    ari = read(made["ari.conf"])
    assert ari["general"]["channelvars"].split(",") == ["HELPLINE_CALL", "HELPLINE_SIDE"]
    assert ari["general"]["allowed_origins"] == "https://desk.example"
    assert ari["helpline"]["password"] == r"p\;w#d"


def test_strangers_come_to_the_desk_and_nowhere_else() -> None:
    made = files(SITE)
    pjsip = read(made["pjsip.conf"])
    assert pjsip["anonymous"]["context"] == pjsip["anonymous@browser"]["context"] == "helpline"
    assert pjsip["udp"]["bind"] == pjsip["tcp"]["bind"] == "192.0.2.5:5060"
    contexts = [line for line in made["extensions.conf"].splitlines() if line.startswith("[")]
    assert contexts == ["[helpline]"]
    applications = {line.split(",", 2)[2] for line in made["extensions.conf"].splitlines() if "exten" in line}
    assert not any(word in one for one in applications for word in ("Dial", "System", "AGI"))


def test_what_ari_makes_is_looked_for_in_memory_first() -> None:
    lines = files(SITE)["sorcery.conf"].splitlines()
    for kind in ("auth", "aor", "endpoint", "identify", "registration"):
        places = [line.partition("=")[2] for line in lines if line.startswith(f"{kind}=")]
        assert places == ["memory", f"config,pjsip.conf,criteria=type={kind}"]


def test_browsers_are_endpoints_of_their_own() -> None:
    pjsip = read(files(SITE)["pjsip.conf"])
    assert pjsip["ws"]["domain"] == pjsip["helpline"]["domain"] == "browser"
    assert pjsip["helpline"]["type"] == "domain_alias"
    assert (pjsip["anonymous@browser"]["webrtc"], "webrtc" in pjsip["anonymous"]) == ("yes", False)


def test_tls_only_with_a_certificate() -> None:
    assert "wss" not in read(files(SITE)["pjsip.conf"])
    secure = replace(SITE, certificate=Certificate(Path("/c.pem"), Path("/k.pem")), https_port=8089)
    pjsip, http = read(files(secure)["pjsip.conf"]), read(files(secure)["http.conf"])["general"]
    assert (pjsip["tls"]["bind"], pjsip["tls"]["cert_file"]) == ("192.0.2.5:5061", "/c.pem")
    assert pjsip["wss"]["protocol"] == "wss"
    assert (http["tlsbindaddr"], http["tlsprivatekey"]) == ("127.0.0.1:8089", "/k.pem")
    with pytest.raises(SiteInvalid):
        replace(SITE, https_port=8089)


def test_accounts_and_trunks_of_an_asterisk_on_its_own() -> None:
    given = PjsipObject(
        "aor", "trunk-acme", {"contact": "sip:sip.example.net;transport=tls", "qualify_frequency": "60"}
    )
    text = files(replace(SITE, objects=(given,)))["pjsip.conf"]
    assert read(text)["trunk-acme"] == {
        "type": "aor",
        "contact": r"sip:sip.example.net\;transport=tls",
        "qualify_frequency": "60",
    }


@pytest.mark.parametrize("value", ["a\nb", "a\rb", " a", "a\x00"])
def test_no_value_begins_a_line_of_its_own(value: str) -> None:
    with pytest.raises(SiteInvalid):
        section("ada", [("password", value)])


@pytest.mark.parametrize("name", ["", "a]b", "a b", "a;b", "a(!)"])
def test_no_name_ends_its_section(name: str) -> None:
    with pytest.raises(SiteInvalid):
        section(name, [("type", "auth")])


def test_no_module_of_device_states_is_loaded() -> None:
    """With one, an application that closes its event socket can stop all of ARI (asterisk/asterisk#2170)."""
    assert "device_state" not in "".join(
        line for line in files(SITE)["modules.conf"].splitlines() if line.startswith("load")
    )


def test_rtp_ports_are_a_range() -> None:
    with pytest.raises(SiteInvalid):
        replace(SITE, rtp_first=30_000, rtp_last=20_000)


def test_an_installed_asterisk_keeps_its_own_folders() -> None:
    assert read(asterisk(SITE, "/etc/desk"))["directories"] == {"astetcdir": "/etc/desk"}


def test_written_for_their_owner_alone_and_again_without_harm(tmp_path: Path) -> None:
    site = replace(SITE, folders=Folders(state=tmp_path / "state"))
    for _ in range(2):
        written = write(site, tmp_path / "etc")
    assert {path.name for path in written} >= {"pjsip.conf", "ari.conf", "asterisk.conf", "modules.conf"}
    assert sorted((tmp_path / "etc").iterdir()) == written
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o640 for path in written)
    assert (tmp_path / "state" / "spool" / "recording").is_dir()
    directories = read((tmp_path / "etc" / "asterisk.conf").read_text())["directories"]
    assert directories["astspooldir"] == str(tmp_path / "state" / "spool")


def test_nothing_is_written_when_a_value_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SiteInvalid):
        write(replace(SITE, ari_user="help line"), tmp_path / "etc")
    assert not (tmp_path / "etc").exists()
