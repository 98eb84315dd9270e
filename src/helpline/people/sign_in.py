"""How people sign in: allauth with accounts made by administrators only."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody makes an account of their own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
