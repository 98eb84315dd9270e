"""The guided call: steps, scripts, fields and gates."""
