"""The menu: a prompt, one key, a choice; repeats and the default for those who do not press any."""

from __future__ import annotations

from .config import Menu, MenuChoice
from .decisions import Collect
from .events import Stage
from .leaving import hang_up, play
from .reasons import Code
from .state import Caller
from .turn import Turn
from .waiting import send_to_queue


def open_menu(turn: Turn, caller: Caller, menu: Menu) -> None:
    """Begin this menu from its first hearing."""
    caller.stage, caller.menu, caller.tries = Stage.MENU, menu, 0
    _ask(turn, caller, menu)


def _ask(turn: Turn, caller: Caller, menu: Menu) -> None:
    caller.asking = True
    spoken = play(turn, caller, menu.prompt)
    turn.out.append(Collect(caller.call, tuple(menu.choices), menu.timeout_s))
    if not spoken:
        _await_key(turn, caller, menu)


def _await_key(turn: Turn, caller: Caller, menu: Menu) -> None:
    caller.play = None
    turn.stage_deadline(caller, menu.timeout_s)


def on_menu_heard(turn: Turn, caller: Caller) -> None:
    """The prompt is over: time to press runs. After the "wrong key" prompt the menu is read again."""
    if caller.menu is None:
        return
    if caller.asking:
        _await_key(turn, caller, caller.menu)
    else:
        _ask(turn, caller, caller.menu)


def on_menu_key(turn: Turn, caller: Caller, digit: str) -> None:
    """A key with a meaning chooses, at any time of the prompt; any other counts as a try."""
    menu = caller.menu
    if menu is None:
        return
    choice = menu.choices.get(digit)
    if choice is not None:
        choose(turn, caller, choice, digit)
    elif _try_again(turn, caller, menu):
        caller.asking = False
        if not play(turn, caller, menu.invalid_prompt):
            _ask(turn, caller, menu)


def on_menu_timeout(turn: Turn, caller: Caller) -> None:
    """Nothing was pressed in time."""
    menu = caller.menu
    if menu is not None and _try_again(turn, caller, menu):
        _ask(turn, caller, menu)


def _try_again(turn: Turn, caller: Caller, menu: Menu) -> bool:
    """Count a try; after the last one take the default or end the call, and say False."""
    caller.tries += 1
    if caller.tries <= menu.retries:
        return True
    if menu.default is None:
        turn.remember("menu", Code.NO_CHOICE, call=caller.call, params={"tries": caller.tries})
        hang_up(turn, caller, Code.NO_CHOICE)
    else:
        turn.remember("menu", Code.DEFAULT_CHOICE, call=caller.call, params={"tries": caller.tries})
        take(turn, caller, menu.default, Code.DEFAULT_CHOICE)
    return False


def choose(turn: Turn, caller: Caller, choice: MenuChoice, digit: str) -> None:
    """The caller pressed a key with a meaning."""
    params = {"key": digit, "category": choice.category, "queue": choice.queue}
    turn.remember("menu", Code.CHOICE, call=caller.call, params=params)
    take(turn, caller, choice, Code.CHOICE)


def take(turn: Turn, caller: Caller, choice: MenuChoice, why: Code) -> None:
    """Follow the choice into a further menu or a queue, with its skills added to those known of the caller."""
    caller.category = choice.category or caller.category
    caller.language = choice.language or caller.language
    added = dict(caller.skills)
    for skill, level in choice.skills.items():
        added[skill] = max(level, added.get(skill, 0))
    if choice.menu is not None:
        caller.skills = added
        open_menu(turn, caller, choice.menu)
    else:
        caller.menu = None
        send_to_queue(turn, caller, choice.queue, why, added)
