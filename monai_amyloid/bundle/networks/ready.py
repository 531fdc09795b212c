"""The network of any bundle, by the shortest way that gives the same numbers."""

from monai_amyloid.bundle.integrity import ExportedBundle, Trust
from monai_amyloid.bundle.networks.answering import AnsweringNetwork
from monai_amyloid.bundle.networks.plain import PlainNetwork, known_bundles


def ready_network(
    bundle: ExportedBundle, device: str | None = None, trust: Trust | None = None
) -> AnsweringNetwork:
    """A bundle's network: plainly where the bundle is a shipped one, else as MONAI makes it.

    Args:
        bundle: The bundle, checked.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        trust: How far the bundle is trusted; default: nothing of its config runs.

    Raises:
        UserError: If the machine has no such device, or the bundle is none that can be used.
    """
    for which, sha256 in known_bundles().items():
        if bundle.sha256 == sha256:
            return PlainNetwork(bundle, which, device)
    # MONAI's import takes longer than a study.
    from monai_amyloid.bundle.networks.trained import TrainedNetwork

    return TrainedNetwork(bundle, device, trust=trust or Trust())
