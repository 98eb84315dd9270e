"""modules.conf: only what the desk uses, so that nothing else listens, dials or reads files.

Device states are left out on purpose: when the event socket of an application closes while one is told to it, the two wait
for each other for ever and with them all of ARI (asterisk/asterisk#2170).
"""

from helpline.telephony.asterisk.text import HEAD

_LOADED = {
    "where configuration and accounts live": """
    res_sorcery_config res_sorcery_memory res_sorcery_astdb
    """,
    "SIP": """
    res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_registrar
    res_pjsip_outbound_registration res_pjsip_authenticator_digest
    res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_ip
    res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_anonymous res_pjsip_caller_id
    res_pjsip_dtmf_info res_pjsip_rfc3326 res_pjsip_nat res_pjsip_path res_pjsip_acl
    res_pjsip_dlg_options res_pjsip_transport_websocket res_pjsip_logger res_pjsip_refer res_pjsip_pubsub
    res_pjsip_header_funcs res_pjsip_empty_info res_pjsip_sips_contact res_crypto chan_pjsip
    func_pjsip_endpoint func_pjsip_aor func_pjsip_contact
    """,
    "media": """
    res_srtp res_rtp_asterisk res_timing_timerfd res_format_attr_opus chan_bridge_media bridge_simple
    bridge_softmix bridge_native_rtp bridge_holding res_musiconhold codec_ulaw codec_alaw codec_a_mu
    codec_resample codec_g722 codec_opus_open_source format_wav format_pcm format_sln format_wav_gsm
    codec_gsm res_mutestream
    """,
    "ARI": """
    res_http_websocket res_websocket_client res_stasis res_stasis_answer res_stasis_playback
    res_stasis_recording res_stasis_snoop app_stasis res_ari res_ari_model
    res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
    res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings res_ari_sounds
    """,
    "sound files over HTTP": """
    res_curl func_curl res_http_media_cache
    """,
    "the dialplan": """
    pbx_config func_callerid func_channel func_hangupcause func_strings func_logic
    """,
}


def modules() -> str:
    """Nothing is loaded that is not named here; Asterisk puts them into the right order itself."""
    lines = ["[modules]", "autoload=no"]
    for purpose, names in _LOADED.items():
        lines += [f"; {purpose}", *(f"load={name}.so" for name in names.split())]
    return "\n".join([HEAD, *lines, ""])
