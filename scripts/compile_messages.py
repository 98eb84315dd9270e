"""Compile the translations (.po) to what gettext reads (.mo). Needs no tools but polib."""

import sys
from pathlib import Path

import polib

SOURCES = Path(__file__).parent.parent / "src"


def main() -> int:
    """Compile every catalogue. Returns how many could not be."""
    broken = 0
    for path in sorted(SOURCES.glob("**/locale/*/LC_MESSAGES/*.po")):
        try:
            polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
        except (OSError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            broken += 1
    return broken


if __name__ == "__main__":
    sys.exit(main())
