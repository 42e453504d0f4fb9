"""Identifiers out of chance, thousands at a time."""

from __future__ import annotations

import numpy as np

_AT_ONCE = 4096


class Ids:
    """Random UUIDs (version 4) in the order in which the generator gives them."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._hex, self._next = "", 0

    def take(self) -> str:
        """The next one."""
        digits = self.take_digits()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def take_digits(self) -> str:
        """The next one as 32 hexadecimal digits without more structure."""
        if self._next == len(self._hex):
            self._hex, self._next = self._chance.bytes(16 * _AT_ONCE).hex(), 0
        self._next += 32
        return self._hex[self._next - 32 : self._next]
