"""The ARI server: REST and event WebSocket with Asterisk's names and fields. Door: ``ari.server.make_app``."""
