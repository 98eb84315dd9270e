"""The embedded phone switch: SIP, media and an ARI subset. It knows nothing of the desk."""
