import pytest

from helpline_switch import sdp
from helpline_switch.browser.description import Ours, read, write
from helpline_switch.browser.errors import BadBrowserSdp

FINGERPRINT = ":".join(["AB"] * 32)
ADA = "\r\n".join(
    [
        "v=0",
        "o=- 46 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE audio0",
        "m=audio 54609 UDP/TLS/RTP/SAVPF 111 0 8 110 126",
        "c=IN IP4 192.0.2.9",
        "a=candidate:1 1 udp 2122260223 192.0.2.9 54609 typ host generation 0 network-id 1",
        "a=candidate:2 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
        "a=candidate:3 1 udp 2122260223 4f4f-1.local 54610 typ host",
        "a=candidate:4 2 udp 2122260222 192.0.2.9 54611 typ host",
        "a=ice-ufrag:Zx1+",
        "a=ice-pwd:abcdefghijklmnopqrst/123",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:audio0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
        "",
    ]
)
OURS = Ours(
    "192.0.2.1",
    25000,
    f"SHA-256 {FINGERPRINT}",
    "passive",
    "abcd",
    "x" * 24,
    ("1 1 UDP 1 192.0.2.1 25000 typ host",),
)


def test_a_browsers_offer_is_read():
    ada = read(ADA)
    assert (ada.algorithm, ada.fingerprint, ada.setup) == ("SHA-256", FINGERPRINT, "actpass")
    assert (ada.ufrag, ada.password, ada.mid) == ("Zx1+", "abcdefghijklmnopqrst/123", "audio0")
    assert [str(each) for each in ada.candidates] == ["1 1 UDP 2122260223 192.0.2.9 54609 typ host"]
    assert ada.media.dtmf_payload == 126


def test_our_answer_has_what_a_browser_needs_and_no_ssrc():
    ada = read(ADA)
    text = write(OURS, mid=ada.mid, dtmf_payload=126, direction="recvonly", session=5, version=2)
    media = sdp.parse(text)
    assert (media.browser, media.port, media.payloads, media.direction) == (True, 25000, (0, 126), "recvonly")
    for line in (
        "a=ice-lite",
        "a=group:BUNDLE audio0",
        "a=rtcp-mux",
        "a=setup:passive",
        "a=end-of-candidates",
    ):
        assert f"{line}\r\n" in text
    assert "a=ssrc" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Zx1+", "Zx1+ && D * ft tt"),
        ("Zx1+", "Zx\n1"),
        ("abcdefghijklmnopqrst/123", "a b"),
        (f"sha-256 {FINGERPRINT}", f"sha-256 {FINGERPRINT} && X"),
        (f"sha-256 {FINGERPRINT}", "sha-256 xyz"),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=mid:audio0", "a=mid:a;b"),
        ("a=ice-ufrag:Zx1+\r\n", ""),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    ],
)
def test_what_could_reach_the_command_line_is_refused(old, new):
    with pytest.raises((BadBrowserSdp, sdp.BadSdp)):
        read(ADA.replace(old, new))


def test_a_browser_without_pcmu_is_refused():
    with pytest.raises(sdp.NoCommonCodec):
        read(ADA.replace("SAVPF 111 0 8 110 126", "SAVPF 111 8"))


@pytest.mark.parametrize(
    "junk",
    [
        "1 1 udp x 192.0.2.9 1 typ host",
        "1 1 udp 1 192.0.2.9 99999 typ host",
        "; 1 udp 1 192.0.2.9 9 typ host",
        "1",
    ],
)
def test_without_a_usable_candidate_no_media_would_flow(junk):
    text = ADA.replace("1 1 udp 2122260223 192.0.2.9 54609 typ host generation 0 network-id 1", junk)
    with pytest.raises(BadBrowserSdp, match="candidate"):
        _ = read(text).address


def test_a_malformed_candidate_beside_a_good_one_is_left_out():
    text = ADA.replace(
        "a=candidate:2 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active", "a=candidate:x y z"
    )
    assert [each.port for each in read(text).candidates] == [54609]
