"""What a simulated cohort is made of, and the cohorts that have a name."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from monai_amyloid.errors import UserError
from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES
from monai_amyloid.phantom.scanning.sites import SITES, USUAL_SITES

# Grades of the Dong-A study in the proportions of its people: 603 pictures, three of each of 201.
PREVALENCE = {1: 291, 2: 78, 3: 234}

Pattern = Literal["amyloid", "fdg", "tau", "perfusion", "raclopride"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides what is in a cohort's scans, but how many there are.

    Attributes:
        seed: Seed of everything random; the same plan and seed give the same voxels.
        tracer: BIDS label of the tracer that the scans carry.
        sites: Hospitals; each person is scanned at one of them, drawn at random.
        anatomies: Brains that heads are made from, in their usual proportions.
        sessions: Number of visits of each person.
        months_between_sessions: Months from one visit of a person to the next.
        treated: Share of the people with amyloid who get an antibody against it from the first
            visit on, 0 to 1.
        years_of_atrophy: Years of thinning and widening that each head has more than its age tells.
        readers: Number of readers of each scan; the grade of the scan is that of most readers.
        fixed_prevalence: Whether the first visits have the grades of the original study in its
            proportions, or whatever grades the readers give.
        pattern: Uptake pattern that the tracer shows; any other than amyloid is wrong input under
            the name of an amyloid tracer.
        difficult: Whether poses are extreme and faults of the acquisition are likely.
        dynamic: Whether scans are exported as four frames, instead of their average.

    Examples:
        >>> import monai_amyloid
        >>> plan = monai_amyloid.Plan(seed=7, tracer="18FAV45", sessions=2)
        >>> plan.months_between_sessions
        24.0
    """

    seed: int = 0
    tracer: str = "18FFBB"
    sites: tuple[str, ...] = tuple(USUAL_SITES)
    anatomies: tuple[str, ...] = ANATOMIES
    sessions: int = 1
    months_between_sessions: float = 24.0
    treated: float = 0.0
    years_of_atrophy: float = 0.0
    readers: int = 1
    fixed_prevalence: bool = True
    pattern: Pattern = "amyloid"
    difficult: bool = False
    dynamic: bool = False

    def __post_init__(self) -> None:
        """Refuse what no scan can be made of."""
        if not 0 <= self.treated <= 1:
            raise UserError(f"found a share of {self.treated} treated people; needed 0 to 1")
        if not self.years_of_atrophy >= 0:
            raise UserError(f"found {self.years_of_atrophy} years of atrophy; needed 0 or more")
        if not self.months_between_sessions > 0:
            raise UserError(
                f"found {self.months_between_sessions} months between two visits; needed more "
                "than 0"
            )
        for site in self.sites:
            if site not in SITES:
                raise UserError(f"{site!r} is no site; choose from {', '.join(SITES)}")
        for anatomy in self.anatomies:
            if anatomy not in ANATOMIES:
                raise UserError(f"{anatomy!r} is no anatomy; choose from {', '.join(ANATOMIES)}")
        if not self.anatomies:
            raise UserError(f"no anatomy is named; choose from {', '.join(ANATOMIES)}")

    @property
    def shares(self) -> list[float]:
        """Share of people in each stage of the disease, without any, early and established."""
        total = sum(PREVALENCE.values())
        return [count / total for count in PREVALENCE.values()]

    def as_record(self) -> dict[str, Any]:
        """The plan as JSON can hold it."""
        return asdict(self) | {"sites": list(self.sites), "anatomies": list(self.anatomies)}


# Named cohorts: how many participants, and the plan. They never change under their name.
_OUTSIDE_ANATOMIES = ("15496", "15697")
DEFAULT_COHORT = "clinic-603"
NAMED = {
    DEFAULT_COHORT: (603, Plan()),
    # People that no other cohort holds, without the outside anatomies: to learn from beforehand.
    "clinic-pretraining-2400": (
        2400,
        Plan(seed=2400, anatomies=tuple(a for a in ANATOMIES if a not in _OUTSIDE_ANATOMIES)),
    ),
    # What a model meets elsewhere, one thing at a time.
    "clinic-outside-scanner-300": (300, Plan(seed=301, sites=("site-6",))),
    "clinic-outside-anatomy-300": (300, Plan(seed=302, anatomies=_OUTSIDE_ANATOMIES)),
    "clinic-outside-tracer-300": (300, Plan(seed=303, tracer="18FAV45")),
    "clinic-outside-resolution-300": (300, Plan(seed=306, sites=("site-7",))),
    "clinic-outside-atrophy-300": (300, Plan(seed=307, years_of_atrophy=15.0)),
    # Grades as five readers give them, of whoever comes.
    "clinic-panel-300": (300, Plan(seed=304, readers=5, fixed_prevalence=False)),
    # People who come back every half year for two years, half of those with amyloid treated.
    "clinic-followed-60": (
        60,
        Plan(seed=305, sessions=5, months_between_sessions=6.0, treated=0.5),
    ),
}


def named_plan(name: str) -> tuple[int, Plan]:
    """Look up one of :data:`NAMED`: how many participants, and their plan.

    Raises:
        UserError: If there is no such cohort.
    """
    if name not in NAMED:
        raise UserError(f"no cohort is named {name!r}; choose from {', '.join(NAMED)}")
    return NAMED[name]


def grades_by_prevalence(count: int) -> list[int]:
    """Grades in an order that keeps every beginning close to :data:`PREVALENCE`.

    Args:
        count: Number of participants; at 603 the counts are exactly 291, 78 and 234.

    Returns:
        The first ``count`` grades; a longer cohort begins with a shorter one.
    """
    total = sum(PREVALENCE.values())
    made = dict.fromkeys(PREVALENCE, 0)
    grades: list[int] = []
    for position in range(1, count + 1):
        deficit = {g: n * position / total - made[g] for g, n in PREVALENCE.items()}
        grade = max(deficit, key=lambda g: deficit[g])
        made[grade] += 1
        grades.append(grade)
    return grades
