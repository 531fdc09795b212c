r"""The bundle's network in every form that it can be exported to: the same answer, and how fast.

python -m benchmarks.timing.exported --bundle BUNDLE --checkpoint RUN/fold0/model.pt \
    --prepared PREPARED

Probabilities of prepared scans by the checkpoint in 32 bits are compared with those of the bundle's
stored weights, of TorchScript (MONAI's ckpt_export), and of ONNX (MONAI's onnx_export) in ONNX
Runtime and OpenVINO. Forms made from the checkpoint must agree with it within 1e-3. Then one scan
at a time is put through each form on one thread and on two, in turn, five rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from monai.bundle import ConfigParser, ckpt_export, onnx_export
from monai.transforms import Compose
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.learning.network.losses import grade_probabilities

Array = NDArray[np.float32]
Form = Callable[[Array], Array]  # one scan (1, 1, X, Y, Z) to its logits (1, 2)
ROUNDS = 5


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--scans", type=int, default=20)
    options = parser.parse_args()
    scans = prepared_scans(options.bundle, options.prepared, options.scans)
    with tempfile.TemporaryDirectory() as folder:
        exported = export_all(options.bundle, options.checkpoint, Path(folder))
        forms = all_forms(options.bundle, options.checkpoint, exported, threads=1)
        told = {name: probabilities(form, scans) for name, form in forms.items()}
        reference = told["torch, checkpoint"]
        print(f"{len(scans)} scans; probabilities against the checkpoint's in 32 bits")
        print("| form | largest difference | grades that differ |\n|---|---|---|")
        for name, each in told.items():
            apart = np.abs(each - reference).max()
            differ = int((each.argmax(1) != reference.argmax(1)).sum())
            print(f"| {name} | {apart:.1e} | {differ} |")
            record(f"{name}: largest difference of a probability", apart)
        print("\nmilliseconds a scan, median of five rounds, and against torch on as many threads")
        print("| form | one thread | | two threads | |\n|---|---|---|---|---|")
        columns = [
            seconds(all_forms(options.bundle, options.checkpoint, exported, threads), scans)
            for threads in (1, 2)
        ]
        for name in forms:
            cells = []
            for threads, column in enumerate(columns, start=1):
                cells += [f"{1000 * column[name]:.0f}"]
                record(f"{name}, {threads} threads", 1000 * column[name], "ms/scan")
                cells += [f"{column[name] / column['torch, checkpoint']:.2f}"]
            print(f"| {name} | {' | '.join(cells)} |")


def prepared_scans(bundle: Path, prepared: Path, count: int) -> list[Array]:
    """Evenly spaced scans of a prepared cohort, as the network takes them."""
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "evaluate.json"))
    steps = Compose([s for i in ("load", "preprocessing", "layout") for s in content(parser, i)])
    cohort = read_cohort(prepared / "participants.tsv")
    rows = cohort.iloc[np.linspace(0, len(cohort) - 1, count).astype(int)]
    return [
        steps({"image": row.path, "tracer": row.tracer})["image"][None].numpy()
        for row in rows.itertuples()
    ]


def content(parser: ConfigParser, name: str) -> list[object]:
    """A list of a config."""
    return list(parser.get_parsed_content(name))


def export_all(bundle: Path, checkpoint: Path, folder: Path) -> dict[str, Path]:
    """TorchScript and ONNX by MONAI's own commands, of the checkpoint."""
    described = {
        "net_id": "network_def",
        "ckpt_file": str(checkpoint),
        "meta_file": str(bundle / "configs" / "metadata.json"),
        "config_file": str(bundle / "configs" / "inference.json"),
    }
    paths = {"torchscript": folder / "model.ts", "onnx": folder / "model.onnx"}
    ckpt_export(filepath=str(paths["torchscript"]), **described)
    onnx_export(filepath=str(paths["onnx"]), **described)
    return paths


def all_forms(
    bundle: Path, checkpoint: Path, exported: dict[str, Path], threads: int
) -> dict[str, Form]:
    """Every form, ready to be called on so many threads."""
    torch.set_num_threads(threads)
    forms = {
        "torch, checkpoint": of_module(torch_network(bundle, checkpoint)),
        "torch, stored weights": of_module(torch_network(bundle, bundle / "models" / "model.pt")),
        "torch, bfloat16": of_module(torch_network(bundle, checkpoint), torch.bfloat16),
        "TorchScript": of_module(torch.jit.load(str(exported["torchscript"])).eval()),
        "TorchScript, frozen": of_module(
            torch.jit.optimize_for_inference(torch.jit.load(str(exported["torchscript"])).eval())
        ),
    }
    forms["ONNX Runtime"] = of_onnx_runtime(exported["onnx"], threads)
    for name, precision in (("OpenVINO", "f32"), ("OpenVINO, bfloat16", "bf16")):
        forms[name] = of_openvino(exported["onnx"], threads, precision)
    return forms


def torch_network(bundle: Path, weights: Path) -> torch.nn.Module:
    """The bundle's network with weights."""
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "inference.json"))
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()


def of_module(network: torch.nn.Module, precision: torch.dtype | None = None) -> Form:
    """A module of torch, in mixed precision where one is named."""

    def run(scan: Array) -> Array:
        mixed = torch.autocast("cpu", dtype=precision, enabled=precision is not None)
        with torch.inference_mode(), mixed:
            return np.asarray(network(torch.from_numpy(scan)).float().numpy())

    return run


def of_onnx_runtime(model: Path, threads: int) -> Form:
    """ONNX Runtime on the CPU."""
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model), chosen, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda scan: session.run(None, {name: scan})[0]


def of_openvino(model: Path, threads: int, precision: str) -> Form:
    """OpenVINO on the CPU; it takes bfloat16 by itself where the CPU has it."""
    import openvino

    chosen = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
    compiled = openvino.Core().compile_model(str(model), "CPU", chosen)
    return lambda scan: compiled(scan)[0]


def probabilities(form: Form, scans: list[Array]) -> NDArray[np.float64]:
    """Of each scan, ``(N, 3)``."""
    logits = torch.from_numpy(np.concatenate([form(scan) for scan in scans]))
    return np.asarray(grade_probabilities(logits).double().numpy())


def seconds(forms: dict[str, Form], scans: list[Array]) -> dict[str, float]:
    """Median seconds a scan of each form; in turn, so that a busy moment meets all."""
    taken: dict[str, list[float]] = {name: [] for name in forms}
    for form in forms.values():
        form(scans[0])
    for _ in range(ROUNDS):
        for name, form in forms.items():
            start = time.perf_counter()
            for scan in scans[:8]:
                form(scan)
            taken[name].append((time.perf_counter() - start) / len(scans[:8]))
    return {name: float(np.median(each)) for name, each in taken.items()}


if __name__ == "__main__":
    main()
