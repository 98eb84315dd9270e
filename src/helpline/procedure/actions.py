"""What is done in procedures and their runs: the only writers of this room."""

from helpline.procedure.gates import (
    close_run,
    guard_solving,
    pass_gate,
    require_act,
    require_gate,
    reveal_licence,
)
from helpline.procedure.help_acts import alert, assign, join_incident, use_article
from helpline.procedure.publishing import create_default, create_procedure, publish
from helpline.procedure.runs import (
    another_problem,
    begin,
    enter_step,
    open_run,
    pick_ticket,
    set_answer,
    settle_ticket,
)

__all__ = [
    "alert",
    "another_problem",
    "assign",
    "begin",
    "close_run",
    "create_default",
    "create_procedure",
    "enter_step",
    "guard_solving",
    "join_incident",
    "open_run",
    "pass_gate",
    "pick_ticket",
    "publish",
    "require_act",
    "require_gate",
    "reveal_licence",
    "set_answer",
    "settle_ticket",
    "use_article",
]
