"""Which procedure a call follows: the most exact wins."""

from collections.abc import Iterable

from helpline.procedure.models import Procedure


def fits(procedure: Procedure, queue_key: str, language: str) -> bool:
    """True when neither queue nor language of the procedure speaks against it."""
    queue_fits = procedure.queue is None or procedure.queue.key == queue_key
    return queue_fits and procedure.language in ("", language)


def choose(procedures: Iterable[Procedure], queue_key: str, language: str) -> Procedure | None:
    """The fitting procedure that names most: queue before language; the older one when equal."""
    fitting = [procedure for procedure in procedures if fits(procedure, queue_key, language)]
    return min(
        fitting,
        key=lambda found: (found.queue_id is None, not found.language, found.pk),
        default=None,
    )
