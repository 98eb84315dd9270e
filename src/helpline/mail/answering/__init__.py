"""An answer in the making, from an empty form to a letter that is queued."""
