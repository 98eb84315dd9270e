"""Browsers as phones: ICE-lite and DTLS-SRTP in a process of its own. Door: ``gateway.BrowserGateway``."""
