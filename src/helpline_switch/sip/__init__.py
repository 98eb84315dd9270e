"""SIP half of the switch: transports, registrar, digest and dialogs. Door: ``sip.stack.SipStack`` and ``sip.events``."""
