"""Clock, outbox, audit, errors, access, ids, registry: what every room stands on."""
