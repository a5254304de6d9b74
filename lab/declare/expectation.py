"""What every expectation is: one claim, with fields."""

from __future__ import annotations

from typing import Any, ClassVar

from lab.declare.fields import Declared


class Expectation(Declared):
    """One claim about what the history will show."""

    claim: ClassVar[str]

    def written(self) -> Any:
        """Return what stands after the claim in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
