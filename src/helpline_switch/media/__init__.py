"""The media half of the switch: RTP, mixing, playback, recording, prompts. Door: ``client.MediaClient``."""
