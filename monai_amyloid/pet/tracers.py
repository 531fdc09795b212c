"""The amyloid tracers: how headers name them, and how their SUVR becomes Centiloid."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """One amyloid tracer.

    Attributes:
        label: BIDS label (``trc-`` entity).
        name: International nonproprietary name.
        aliases: Other names found in DICOM and BIDS headers; case and punctuation do not count.
        centiloid_slope: Centiloid per unit of SUVR over the whole cerebellum.
        centiloid_intercept: Centiloid at SUVR 0.
        half_life_seconds: Physical half-life of the radionuclide.
        window_minutes: Start and end of the usual static acquisition after injection.
        accepted_minutes: Earliest start and latest end of a late image that can be read; its
            numbers may differ from those of the usual window.
    """

    label: str
    name: str
    aliases: tuple[str, ...]
    centiloid_slope: float
    centiloid_intercept: float
    half_life_seconds: float
    window_minutes: tuple[float, float]
    accepted_minutes: tuple[float, float]


# Of which BAPL is the scale (the readers' instructions of the Neuraceq label).
FLORBETABEN = "18FFBB"
_F18_SECONDS = 6586.2  # 109.77 min, the value scanners write into (0018,1075)
_C11_SECONDS = 1223.4  # 20.39 min

# Windows: florbetaben and florbetapir in 4 frames of 5 min as ADNI acquires them; a florbetaben
# scan of 15 to 20 min may start 45 to 130 min after injection, a florbetapir scan of 10 min 30 to
# 50 min (their prescribing information). PiB 50 to 70 min: Klunk 2015.
# Lines over the whole cerebellum: Rowe 2017 (florbetaben, doi:10.1007/s00259-017-3749-6),
# Navitsky 2018 (florbetapir), Battle 2018 (flutemetamol), Klunk 2015 (PiB), Rowe 2016 (NAV4694,
# doi:10.2967/jnumed.115.171595).
TRACERS = {
    tracer.label: tracer
    for tracer in (
        Tracer(
            label=FLORBETABEN,
            name="florbetaben",
            aliases=("fbb", "neuraceq", "bay 94-9172", "av1", "플로르베타벤", "뉴라체크"),
            centiloid_slope=153.4,
            centiloid_intercept=-154.9,
            half_life_seconds=_F18_SECONDS,
            window_minutes=(90.0, 110.0),
            accepted_minutes=(45.0, 150.0),
        ),
        Tracer(
            label="18FAV45",
            name="florbetapir",
            aliases=("fbp", "amyvid", "av45", "플로르베타피르", "아미비드"),
            centiloid_slope=175.2,
            centiloid_intercept=-182.2,
            half_life_seconds=_F18_SECONDS,
            window_minutes=(50.0, 70.0),
            accepted_minutes=(30.0, 90.0),
        ),
        Tracer(
            label="18FFMM",
            name="flutemetamol",
            aliases=("fmm", "flut", "vizamyl", "ge067", "ah110690", "플루트메타몰", "비자밀"),
            centiloid_slope=121.5,
            centiloid_intercept=-121.3,
            half_life_seconds=_F18_SECONDS,
            window_minutes=(90.0, 110.0),
            accepted_minutes=(60.0, 140.0),
        ),
        Tracer(
            label="11CPIB",
            name="pittsburgh compound b",
            aliases=("pib",),
            centiloid_slope=93.7,
            centiloid_intercept=-94.6,
            half_life_seconds=_C11_SECONDS,
            window_minutes=(50.0, 70.0),
            accepted_minutes=(40.0, 90.0),
        ),
        Tracer(
            label="18FNAV4694",
            name="flutafuranol",
            aliases=("nav", "nav4694", "azd4694"),
            centiloid_slope=85.2,
            centiloid_intercept=-87.6,
            half_life_seconds=_F18_SECONDS,
            window_minutes=(50.0, 70.0),
            accepted_minutes=(40.0, 90.0),
        ),
    )
}


# Codes of the radiopharmaceutical by (CodingSchemeDesignator, CodeValue), PS3.16 CID 4021;
# SRT and DCM 126501 are retired spellings that scanners in use still write.
TRACER_CODES = {
    ("SCT", "712736002"): "18FFBB",
    ("SRT", "C-D6858"): "18FFBB",
    ("DCM", "126501"): "18FFBB",
    ("SCT", "456995000"): "18FAV45",
    ("SRT", "C-E0269"): "18FAV45",
    ("SCT", "456997008"): "18FFMM",
    ("SRT", "C-E0267"): "18FFMM",
    ("DCM", "126500"): "11CPIB",
}
