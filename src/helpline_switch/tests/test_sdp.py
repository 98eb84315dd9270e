import pytest

from helpline_switch import sdp

CARL = "\r\n".join(
    [
        "v=0",
        "o=carl 1 1 IN IP4 192.0.2.7",
        "s=call",
        "c=IN IP4 192.0.2.7",
        "t=0 0",
        "m=audio 4000 RTP/AVP 9 8 0 96",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-16",
        "a=ptime:20",
        "",
    ]
)


def changed(*extra: str, **replaced: str) -> str:
    text = CARL
    for old, new in replaced.items():
        text = text.replace(
            {"address": "c=IN IP4 192.0.2.7", "audio": "m=audio 4000 RTP/AVP 9 8 0 96"}[old], new
        )
    return text + "".join(f"{line}\r\n" for line in extra)


def test_an_offer_of_a_phone_is_read():
    media = sdp.parse(CARL)
    assert media.address == ("192.0.2.7", 4000)
    assert (media.codec, media.payloads, media.dtmf_payload) == (8, (9, 8, 0, 96), 96)
    assert (media.direction, media.browser, media.held) == ("sendrecv", False, False)


def test_the_media_section_overrides_the_session():
    media = sdp.parse(changed("c=IN IP6 2001:db8::7", "a=sendonly"))
    assert media.ip == "2001:db8::7"
    assert media.direction == "sendonly"
    assert sdp.parse(CARL.replace("t=0 0", "t=0 0\r\na=inactive")).direction == "inactive"


@pytest.mark.parametrize(
    ("text", "held", "we_send", "we_receive"),
    [
        (CARL, False, True, True),
        (changed("a=sendonly"), True, False, True),
        (changed("a=recvonly"), False, True, False),
        (changed("a=inactive"), True, False, False),
        (changed(address="c=IN IP4 0.0.0.0"), True, False, True),
        (changed(audio="m=audio 0 RTP/AVP 0"), False, False, False),
    ],
)
def test_hold_and_who_sends(text, held, we_send, we_receive):
    media = sdp.parse(text)
    assert (media.held, media.we_send, media.we_receive) == (held, we_send, we_receive)


@pytest.mark.parametrize(
    ("offered", "ours", "answered"),
    [
        ("sendrecv", None, "sendrecv"),
        ("sendonly", None, "recvonly"),
        ("recvonly", None, "sendonly"),
        ("inactive", None, "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendonly", "sendonly"),
    ],
)
def test_the_direction_of_an_answer(offered, ours, answered):
    text = sdp.make_answer(sdp.parse(changed(f"a={offered}")), "192.0.2.1", 5000, direction=ours)
    assert sdp.parse(text).direction == answered


def test_an_answer_names_one_codec_and_the_offerers_number_for_keys():
    text = sdp.make_answer(sdp.parse(CARL), "192.0.2.1", 5000, session=7, version=3)
    media = sdp.parse(text)
    assert (media.address, media.payloads, media.dtmf_payload) == (("192.0.2.1", 5000), (8, 96), 96)
    assert "o=- 7 3 IN IP4 192.0.2.1\r\n" in text
    assert "a=ptime:20\r\n" in text


def test_a_phone_without_keys_gets_none():
    text = sdp.make_answer(sdp.parse(changed(audio="m=audio 4000 RTP/AVP 0")), "192.0.2.1", 5000)
    assert sdp.parse(text).dtmf_payload is None
    assert "telephone-event" not in text


def test_video_is_refused_in_its_place():
    video = "m=video 6000 RTP/AVP 97\r\n"
    offer = CARL.replace("m=audio", f"{video}m=audio")
    lines = [
        line for line in sdp.make_answer(sdp.parse(offer), "192.0.2.1", 5000).splitlines() if line[0] == "m"
    ]
    assert lines == ["m=video 0 RTP/AVP 97", "m=audio 5000 RTP/AVP 8 96"]


def test_old_hold_with_zero_address_is_answered_recvonly():
    offer = sdp.parse(changed(address="c=IN IP4 0.0.0.0"))
    assert sdp.parse(sdp.make_answer(offer, "192.0.2.1", 5000)).direction == "recvonly"


def test_an_offer_of_ours_is_read_back():
    media = sdp.parse(sdp.make_offer("192.0.2.1", 5000, direction="sendonly"))
    assert (media.payloads, media.dtmf_payload, media.direction) == ((0, 8, 101), 101, "sendonly")
    assert media.codec == sdp.PCMU


def test_no_common_codec():
    with pytest.raises(sdp.NoCommonCodec):
        _ = sdp.parse(changed(audio="m=audio 4000 RTP/AVP 9 18 96")).codec
    with pytest.raises(sdp.NoCommonCodec):
        sdp.make_answer(sdp.parse(changed(audio="m=audio 4000 RTP/AVP 9")), "192.0.2.1", 5000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=0\r\ns=-\r\n",
        changed(audio="m=video 4000 RTP/AVP 0"),
        changed(audio="m=audio x RTP/AVP 0"),
        changed(audio="m=audio 70000 RTP/AVP 0"),
        changed(audio="m=audio 4000 RTP/AVP zero"),
        changed(address="c=IN IP4"),
        CARL.replace("c=IN IP4 192.0.2.7\r\n", ""),
    ],
)
def test_what_is_no_description_is_refused(text):
    with pytest.raises(sdp.BadSdp):
        sdp.parse(text)


def test_bare_line_feeds_are_read_too():
    assert sdp.parse(CARL.replace("\r\n", "\n")).port == 4000
