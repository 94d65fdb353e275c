"""Node labels that are known before the nodes exist, and whether they can satisfy a pod's requirement."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.records import Record


class LabelValues(Record):
    """The possible values of a label: one of several, or a number with a tolerance."""

    values: tuple[str, ...]
    tolerance: int = 0

    def may(self, operator: str, wanted: Iterable[str]) -> bool:
        """Whether a node with this label may satisfy `KEY OPERATOR WANTED` of a node selector."""
        wanted = [each for each in wanted if isinstance(each, str)]
        match operator:
            case "In":
                return any(self._alike(one, other) for one in self.values for other in wanted)
            case "NotIn":
                return self.tolerance > 0 or any(one not in wanted for one in self.values)
            case "Gt" | "Lt":
                numbers = _numbers(self.values)
                bounds = _numbers(wanted)
                if not numbers or not bounds:
                    return True
                if operator == "Gt":
                    return max(numbers) + self.tolerance > bounds[0]
                return min(numbers) - self.tolerance < bounds[0]
        return operator != "DoesNotExist"

    def _alike(self, one: str, other: str) -> bool:
        numbers = _numbers((one, other)) if self.tolerance else []
        return one == other or (len(numbers) > 1 and abs(numbers[0] - numbers[1]) <= self.tolerance)


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(each) for each in texts if each.isdecimal() and each.isascii()]
