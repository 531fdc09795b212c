"""The shipped networks without MONAI give what MONAI makes of the bundles' configs, to the bit."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from monai_amyloid.brain.template import pet_templates, tissue_uptake
from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.bundle.networks.plain import PlainNetwork, known_bundles
from monai_amyloid.bundle.networks.ready import ready_network
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.installed import BUNDLES, shipped_bundle
from monai_amyloid.learning.explanation import attribution
from monai_amyloid.pet.tracers import TRACERS

SCANS = 100


def scans() -> Iterator[tuple[np.ndarray, str]]:
    """Heads with any amyloid, contrast and noise, also below 0, of every tracer."""
    random = np.random.default_rng(0)
    tissues = tissue_uptake()
    for number in range(SCANS):
        weights = random.uniform(0, 2, len(tissues)).astype(np.float32)
        scan = np.tensordot(weights, tissues, axes=1)
        scan += random.normal(0, 0.1, scan.shape).astype(np.float32)
        yield scan, list(TRACERS)[number % len(TRACERS)]


@pytest.fixture(params=BUNDLES)
def both(request: pytest.FixtureRequest) -> tuple[TrainedNetwork, PlainNetwork]:
    bundle = read_bundle(shipped_bundle(request.param))
    plain = ready_network(bundle, "cpu")
    assert isinstance(plain, PlainNetwork)
    return TrainedNetwork(bundle, "cpu"), plain


@pytest.mark.slow
def test_a_hundred_scans_are_shown_alike(both: tuple[TrainedNetwork, PlainNetwork]) -> None:
    by_monai, plain = both
    for scan, tracer in scans():
        expected = by_monai.preprocessed(scan, tracer)
        found = plain.preprocessed(scan, tracer)
        assert np.array_equal(np.asarray(expected), found.numpy())
        laid_out = plain.laid_out(found, tracer)
        assert torch.equal(by_monai.laid_out(expected, tracer), laid_out)
    np.testing.assert_array_equal(by_monai.affine(expected), plain.affine(found))


@pytest.mark.slow
def test_the_answers_and_what_explains_them_are_equal(
    both: tuple[TrainedNetwork, PlainNetwork],
) -> None:
    by_monai, plain = both
    scan, tracer = next(scans())
    batch = plain.network_input(scan, tracer)[None]
    expected, found = by_monai.answers(batch), plain.answers(batch)
    assert torch.equal(expected.logits, found.logits) and expected.apart == found.apart
    assert expected.scores is not None and found.scores is not None
    assert torch.equal(expected.scores, found.scores)
    neutral = pet_templates()[0]
    shown = [attribution(each, scan, neutral, tracer, 2) for each in both]
    np.testing.assert_array_equal(*shown)


def test_the_shipped_bundles_are_known() -> None:
    found = {network: read_bundle(shipped_bundle(network)).sha256 for network in BUNDLES}
    assert known_bundles() == found, "run scripts/development/refresh_bundle.py"


def test_another_bundle_goes_through_monai(tmp_path: Path) -> None:
    bundle = read_bundle(shipped_bundle())
    other = type(bundle)(**{**vars(bundle), "sha256": "0" * 64})
    assert isinstance(ready_network(other, "cpu", Trust()), TrainedNetwork)


@pytest.mark.slow
def test_grading_imports_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys, monai_amyloid.grading.worker, monai_amyloid.grading.run\n"
        "from monai_amyloid.bundle.integrity import read_bundle\n"
        "from monai_amyloid.bundle.networks.ready import ready_network\n"
        "from monai_amyloid.installed import shipped_bundle\n"
        "ready_network(read_bundle(shipped_bundle()))\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    unneeded = {"monai", "ignite", "sklearn", "tensorboard", "matplotlib", "openpyxl", "sympy"}
    assert "torch" in found.stdout.split()
    assert unneeded.isdisjoint(found.stdout.split())
