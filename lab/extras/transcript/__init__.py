"""A run's history as a scenario file, for `mqlab history --as-scenario`."""

from lab.base.extras import Extra

EXTRA = Extra(hooks={"history_as_scenario": "command:write_scenario"})
