"""`python -m tests.style [KIND.FORM]`: print where a form stands, or the numbers; `--lower` writes lower limits."""

from __future__ import annotations

import sys
from collections import Counter

from tests.style.limits import LIMITS, read, written
from tests.style.rules import hits


def main(arguments: list[str]) -> int:
    found = list(hits())
    numbers = Counter(hit.counted_as for hit in found)
    if arguments == ["--lower"]:
        limits = read()
        LIMITS.write_text(written({key: min(limits.get(key, n), n) for key, n in numbers.items()}), "utf-8")
        return 0
    for hit in found if arguments else ():
        if hit.counted_as in arguments:
            print(f"{hit.place}: {hit.text}")
    print("\n".join(f"{key} = {number}" for key, number in sorted(numbers.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
