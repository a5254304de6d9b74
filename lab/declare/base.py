"""What every step and every expectation is: one verb or one claim, with fields."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from lab.declare.fields import Declared


class Addressed(Declared):
    """Something that names one topic or one queue."""

    topic: str | None = Field(default=None, min_length=1)
    queue: str | None = Field(default=None, min_length=1)


class Step(Declared):
    """One verb of a scenario."""

    verb: ClassVar[str]

    def written(self) -> Any:
        """Give what stands after the verb in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Expectation(Declared):
    """One claim about what the history will show."""

    claim: ClassVar[str]

    def written(self) -> Any:
        """Give what stands after the claim in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
