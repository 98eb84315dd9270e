"""Words one slip apart: a letter too many, missing, wrong, or two swapped. Pure."""

#: shorter words have too many neighbours
SHORTEST = 4


def variants(word: str) -> set[str]:
    """The word, and the word without each one of its letters: two words one slip apart share one of these."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def one_slip(left: str, right: str) -> bool:
    """True when the words are the same or one slip apart (optimal string alignment distance of at most 1)."""
    if left == right:
        return True
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    a, b = left[start:], right[start:]
    swapped = len(a) > 1 and len(b) > 1 and (a[0], a[1]) == (b[1], b[0]) and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
