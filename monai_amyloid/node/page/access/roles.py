"""What people may do on the page."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each may do what those before it may."""

    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"

    def may(self, needed: "Role") -> bool:
        """Whether this role includes another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
