"""Text whose lines were broken for old readers (`format=flowed`, RFC 3676) with its paragraphs put together again."""

from __future__ import annotations


def unflow(text: str, delete_space: bool = False) -> str:
    """Join soft line breaks (a space before the break) of lines quoted equally deep; undo space-stuffing.

    `delete_space` is the parameter DelSp=yes: the space before a soft break is none of the text. A signature's "-- " stays.
    """
    out: list[tuple[int, list[str]]] = []
    soft = False
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        content = bare[1:] if bare.startswith(" ") else bare
        if not (soft and depth == out[-1][0] and content != "-- "):
            out.append((depth, []))
        soft = content.endswith(" ") and content != "-- "
        out[-1][1].append(content[:-1] if soft and delete_space else content)
    return "\n".join(_quoted("".join(pieces), depth) for depth, pieces in out)


def _quoted(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}" if depth and text else ">" * depth + text
