"""What every test run tells at its end."""

import pytest

from tests.peers.asterisk import ENDINGS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How an Asterisk ended without being told to, though the test that lost it was played again and passed."""
    if ENDINGS:
        terminalreporter.write_sep("=", "Asterisk ended or stood still", red=True, bold=True)
        for ending in ENDINGS:
            terminalreporter.write_line(ending)
