"""What one person shows beside grey and white matter: fluid, vessels, bone, muscle and skin.

Values are sharp and on the scale of :mod:`monai_amyloid.phantom.people.uptake`, on which the whole
cerebellum is about 1. None of them knows of amyloid. They are estimates but for the fluid around
the cortex, which the group means and real scans bound together: fluid in narrow sulci holds the
pia and its vessels, and never looks as dark as a ventricle.
"""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Uptake of one person's head outside grey and white matter.

    Attributes:
        csf: Fluid around the brain.
        sulci: Fluid where cortex has thinned: narrow, with pia and vessels in it.
        meninges: The two millimetres under the skull, the falx and the tentorium.
        blood: Blood pool of the sinuses and of the large vessels of the neck.
        ventricle: Fluid inside the brain.
        choroid: Choroid plexus.
        vitreous: Vitreous body of the eye.
        cord: Spinal cord.
        bone: Compact bone.
        marrow: Marrow of the vault, the skull's base and the spine.
        scalp: Skin and galea over the vault, a line of a few millimetres.
        skin: Skin of the face and the neck, and the lining of nose and throat.
        muscle: Muscle of temples, jaw, tongue and neck.
        fat: What is left of the soft tissue.
        glands: Salivary glands.
        lesion: What a white matter lesion keeps of the uptake of white matter, 0 to 1.
        unevenness: SD of the logarithm of the smooth variation over bone, muscle and skin.
    """

    csf: float = 0.25
    sulci: float = 0.45
    meninges: float = 0.75
    blood: float = 0.65
    ventricle: float = 0.03
    choroid: float = 0.4
    vitreous: float = 0.15
    cord: float = 1.3
    bone: float = 0.42
    marrow: float = 0.7
    scalp: float = 1.3
    skin: float = 0.7
    muscle: float = 0.75
    fat: float = 0.7
    glands: float = 1.1
    lesion: float = 0.7
    unevenness: float = 0.0

    @classmethod
    def of(cls, value: float) -> "Surroundings":
        """Surroundings of one uptake, perfectly even; lesions keep it all."""
        same = {field.name: value for field in fields(cls)}
        return cls(**(same | {"lesion": 1.0, "unevenness": 0.0}))


# SD of the logarithm between people; real scalps differ by a factor of three and more.
_SPREAD = {
    "csf": 0.15,
    "sulci": 0.10,
    "meninges": 1.0,
    "blood": 0.20,
    "ventricle": 0.4,
    "choroid": 0.35,
    "vitreous": 0.3,
    "cord": 0.15,
    "bone": 0.3,
    "marrow": 0.35,
    "scalp": 0.5,
    "skin": 0.3,
    "muscle": 0.25,
    "fat": 0.25,
    "glands": 0.35,
}
# Real scalps reach about twice the uptake of the brain.
_MOST_SHIFT = float(np.log(3.0))
# What blood reaches outside the brain is bright or faint together.
_PERFUSED = ("meninges", "blood", "marrow", "scalp", "skin", "muscle", "fat", "glands")
_PERFUSED_SPREAD = 0.5
_LESION_RANGE = (0.55, 0.85)
_UNEVENNESS_RANGE = (0.12, 0.3)


def draw_surroundings(random: np.random.Generator) -> Surroundings:
    """Draw what a person's head holds outside the brain, once for all of the person's visits.

    Args:
        random: Source of randomness.
    """
    typical = Surroundings()
    perfused = float(random.normal(0, _PERFUSED_SPREAD))
    drawn = {}
    for name, spread in _SPREAD.items():
        shift = random.normal(0, spread) + (perfused if name in _PERFUSED else 0.0)
        drawn[name] = float(getattr(typical, name) * np.exp(min(shift, _MOST_SHIFT)))
    return Surroundings(
        **drawn,
        lesion=float(random.uniform(*_LESION_RANGE)),
        unevenness=float(random.uniform(*_UNEVENNESS_RANGE)),
    )
