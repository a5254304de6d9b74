"""A scenario with other values, again and again in the simulation: every combination and every seed, on all cores.

    from lab import vary

    found = vary.run("small-window", set={"links.tokyo-singapore.delay": ["5ms", "105ms"]}, seeds=[1, 2])
    print(vary.to_csv(found))

`Grid` has the combinations, `run_one` does one of them, `run_all` does all over any executor; `table`, `picture` and
`page` show their results.
"""

from lab.extras.vary.page import to_html
from lab.extras.vary.row import Row
from lab.extras.vary.table import Variation, to_csv, to_json
from lab.extras.vary.varying import run

__all__ = ["Row", "Variation", "run", "to_csv", "to_html", "to_json"]
