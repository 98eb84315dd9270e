import pytest

from helpline_switch import sdp, sdp_crypto

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
    assert (media.payloads, media.dtmf_payload, media.direction) == ((0, 8, 9, 107, 101), 101, "sendonly")
    assert media.codec == sdp.PCMU


def test_no_common_codec():
    with pytest.raises(sdp.NoCommonCodec):
        _ = sdp.parse(changed(audio="m=audio 4000 RTP/AVP 18 3 96")).codec
    with pytest.raises(sdp.NoCommonCodec):
        sdp.make_answer(sdp.parse(changed(audio="m=audio 4000 RTP/AVP 18")), "192.0.2.1", 5000)


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


WIDE = changed(
    "a=rtpmap:107 opus/48000/2",
    "a=rtpmap:9 G722/8000",
    "a=rtcp:4007 IN IP4 192.0.2.7",
    "a=rtcp-mux",
    audio="m=audio 4000 RTP/AVP 107 9 8 0 96",
)
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


def test_our_order_decides_which_codec_is_spoken():
    media = sdp.parse(WIDE)
    assert [each.name for each in media.spoken] == ["opus", "G722", "PCMA", "PCMU"]
    assert media.codec == 8, "among the laws of G.711 theirs decides"
    assert media.choose(("opus", "G711")) == sdp.Spoken(107, "opus")
    assert media.choose(("G722", "opus", "G711")).payload == 9
    answer = sdp.parse(sdp.make_answer(media, "192.0.2.1", 5000, order=("opus", "G711")))
    assert (answer.payloads, answer.spoken, answer.mux) == ((107, 96), (sdp.Spoken(107, "opus"),), True)


def test_where_reports_go_is_read():
    media = sdp.parse(WIDE)
    assert (media.rtcp_port, media.mux) == (4007, True)
    assert (sdp.parse(CARL).rtcp_port, sdp.parse(CARL).mux) == (None, False)
    assert sdp.parse(changed("a=rtcp:99999")).rtcp_port is None


def test_a_number_with_another_codec_behind_it_is_not_ours():
    media = sdp.parse(
        changed("a=rtpmap:0 L16/44100", "a=rtpmap:107 opus/16000", audio="m=audio 4000 RTP/AVP 0 107 9")
    )
    assert [each.name for each in media.spoken] == ["G722"]


def test_an_offer_of_srtp_is_read_and_answered_in_kind():
    line = f"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31"
    offer = sdp.parse(
        changed("a=crypto:1 F8_128_HMAC_SHA1_80 inline:abc", line, audio="m=audio 4000 RTP/SAVP 0")
    )
    assert offer.secure
    assert [(each.tag, each.key) for each in offer.crypto] == [(2, KEY)]
    ours = sdp_crypto.fresh(2, offer.crypto[0].suite)
    answer = sdp.make_answer(offer, "192.0.2.1", 5000, crypto=ours)
    assert "m=audio 5000 RTP/SAVP 0" in answer
    assert sdp_crypto.matching((ours,), sdp.parse(answer).crypto) == (ours, ours)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD",
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:4",
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNAUTHENTICATED_SRTP",
        f"a=crypto:x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
    ],
)
def test_srtp_without_a_key_that_keeps_a_secret_is_refused(line):
    with pytest.raises(sdp.NotSecured):
        _ = sdp.parse(changed(line, audio="m=audio 4000 RTP/SAVP 0")).codec


def test_keys_are_new_every_time_and_in_no_log():
    first, second = sdp_crypto.offered(), sdp_crypto.offered()
    assert {each.key for each in first}.isdisjoint(each.key for each in second)
    assert first[0].key not in repr(first)
    assert sdp_crypto.read(str(each).removeprefix("a=crypto:") for each in first) == first
    assert sdp_crypto.matching(first, second[:1]) == (first[0], second[0])
    assert sdp_crypto.matching(first, ()) is None


def test_ipv6_is_answered_in_its_family():
    offer = sdp.parse(changed(address="c=IN IP6 2001:db8::7"))
    assert "c=IN IP6 2001:db8::1" in sdp.make_answer(offer, "2001:db8::1", 5000)
    assert sdp.parse(changed(address="c=IN IP6 ::")).held
