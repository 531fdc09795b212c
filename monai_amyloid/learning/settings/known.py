"""Every value that the configs can be told, in one list, and what each changes.

What a value may be, whether a training can be resumed with another one, and what stands of it in
the documentation: all follow from here. A test holds the configs and this list together.
"""

from dataclasses import dataclass
from enum import Enum

from monai_amyloid.learning.network.pretrained_report import STAGES
from monai_amyloid.learning.settings.kinds import (
    ANY_TEXT,
    DEVICE,
    FILE,
    FOLDER,
    SWITCH,
    TEXT,
    Kind,
    number,
    one_of,
    several,
    whole,
)
from monai_amyloid.pet.tracers import TRACERS


class Effect(Enum):
    """What another value means for a training that was begun."""

    LEARNING = "another network, or one that learns from another input"
    LENGTH = "the same training, longer or shorter"
    CONTENT = "a place, of which what is there counts"
    NAME = "words, which a bundle is described by"
    HOW = "where files are on one machine, and how that machine computes"


@dataclass(frozen=True)
class Setting:
    """One value at the top of a config.

    Attributes:
        kind: What it may be.
        effect: What another value means for a training that was begun.
        text: What it sets, for the documentation.
        beside: Id without which a config uses the name for something of its own; empty for a name
            that ``train.json`` has.
    """

    kind: Kind
    effect: Effect
    text: str
    beside: str = ""


_PROBABILITY = number(0, 1)
_SOURCE = Kind("none, shipped-2d, shipped-3d, imagenet, imagenet-v2 or a file", ANY_TEXT.takes)
_LAST_SEED = 2**32 - 1  # of numpy's generators


def _augmentation(what: str) -> Setting:
    return Setting(_PROBABILITY, Effect.LEARNING, f"probability that a scan is {what}")


SETTINGS = {
    "bundle_root": Setting(FOLDER, Effect.HOW, "folder that a bundle's files are in"),
    "dataset_dir": Setting(FOLDER, Effect.CONTENT, "folder of the prepared cohort, or of studies"),
    "output_dir": Setting(FOLDER, Effect.HOW, "folder of what is written"),
    "cache_dir": Setting(FOLDER, Effect.HOW, "folder of preprocessed scans"),
    "feature_dir": Setting(FOLDER, Effect.HOW, "folder of features that are computed once"),
    "run_dir": Setting(FOLDER, Effect.HOW, "folder of one fold"),
    "repeat": Setting(whole(0), Effect.LEARNING, "which way of dealing out the folds"),
    "participants": Setting(whole(0), Effect.LEARNING, "how many to train on; 0 for all"),
    "fold": Setting(whole(0), Effect.LEARNING, "which fold is held out, less than `folds`"),
    "folds": Setting(whole(2), Effect.LEARNING, "number of folds"),
    "seed": Setting(whole(0, _LAST_SEED), Effect.LEARNING, "seed of all random numbers"),
    "max_epochs": Setting(whole(1), Effect.LENGTH, "epochs, if nothing stops the training before"),
    "val_interval": Setting(
        whole(1), Effect.LENGTH, "epochs between validations, `max_epochs` or less"
    ),
    "early_stop_patience": Setting(
        whole(0), Effect.LENGTH, "epochs without improvement that stop it; 0 for never"
    ),
    "batch_size": Setting(whole(1), Effect.LEARNING, "scans in a batch"),
    "learning_rate": Setting(
        number(0, open_below=True), Effect.LEARNING, "learning rate after the warm-up"
    ),
    "weight_decay": Setting(number(0), Effect.LEARNING, "weight decay"),
    "num_classes": Setting(
        one_of(2, 3), Effect.LEARNING, "logits: 2 for grades in order, 3 for classes"
    ),
    "balance": Setting(_PROBABILITY, Effect.LEARNING, "how evenly the grades are drawn"),
    "class_weights": Setting(
        several(number(0, open_below=True), 0, 3), Effect.LEARNING, "weight of each grade"
    ),
    "label_smoothing": Setting(
        _PROBABILITY, Effect.LEARNING, "share of a label that its neighbours get"
    ),
    "mix_up": Setting(number(0), Effect.LEARNING, "how much neighbouring grades are mixed"),
    "outside": _augmentation("brighter, darker or empty around the brain"),
    "flip": _augmentation("mirrored"),
    "affine": _augmentation("moved, turned and scaled"),
    "elastic": _augmentation("deformed"),
    "intensity": _augmentation("made brighter or darker"),
    "gamma": _augmentation("of another contrast"),
    "blur": _augmentation("blurred"),
    "noise": _augmentation("noisier"),
    "slice_dropout": _augmentation("without some slices"),
    "grade_names": Setting(
        several(TEXT, 3), Effect.NAME, "names of the three grades, lowest first, that results say"
    ),
    "input_kind": Setting(
        one_of("volume", "picture"), Effect.LEARNING, "what the network is shown"
    ),
    "spacing_mm": Setting(number(0.5, 20), Effect.LEARNING, "size of a voxel, mm"),
    "slices": Setting(whole(1), Effect.LEARNING, "slices that the 2D network is shown"),
    "widen_factor": Setting(number(1 / 64, 8), Effect.LEARNING, "width of the 3D network"),
    "pretrained": Setting(_SOURCE, Effect.CONTENT, "[weights to start from](pretrained.md)"),
    "start_share": Setting(
        _PROBABILITY,
        Effect.LEARNING,
        "share of the weights to start from in what is kept, where they graded before",
    ),
    "frozen": Setting(
        one_of("", *STAGES, words=f"empty or one of {', '.join(STAGES)}"),
        Effect.LEARNING,
        "last part of the ResNet that keeps its weights",
    ),
    "versions": Setting(
        whole(1),
        Effect.LEARNING,
        "augmented versions with features of their own",
        "augmented_features",
    ),
    "targets": Setting(
        FILE, Effect.CONTENT, "table of the numbers to learn beforehand", "target_prefix"
    ),
    "target_prefix": Setting(ANY_TEXT, Effect.LEARNING, "how its columns begin", "targets"),
    "grid": Setting(
        several(whole(1), 3), Effect.LEARNING, "cells that self-supervision predicts", "holes"
    ),
    "holes": Setting(whole(1), Effect.LEARNING, "blocks that are cut out of a scan", "hole_voxels"),
    "hole_voxels": Setting(whole(1), Effect.LEARNING, "edge of a block, voxels", "holes"),
    "hidden": Setting(_PROBABILITY, Effect.LEARNING, "share of scans that lose blocks", "holes"),
    "resume": Setting(SWITCH, Effect.HOW, "whether to go on from `checkpoint.pt`"),
    "device": Setting(DEVICE, Effect.HOW, "what computes"),
    "amp": Setting(SWITCH, Effect.HOW, "whether to compute in bfloat16"),
    "compile": Setting(SWITCH, Effect.HOW, "whether torch compiles the network"),
    "num_workers": Setting(whole(0), Effect.HOW, "processes that load scans"),
    "log_images": Setting(whole(0), Effect.HOW, "epochs between pictures; 0 for none"),
    "model_name": Setting(TEXT, Effect.NAME, "name of the model, of a recipe"),
    "tracer": Setting(
        one_of(None, *TRACERS, words=f"null or one of {', '.join(TRACERS)}"),
        Effect.LEARNING,
        "tracer of studies that name none (`inference`)",
        "read_study",
    ),
}

# The other ids of the configs: components, and what runs them. An id counts for all below it that
# are not named themselves. What handlers take from settings is compared as settings.
PARTS = {
    **dict.fromkeys(
        ("network_def", "network", "whole", "load", "preprocessing", "random", "augmentation",
         "hiding", "plain_tensor", "only_brain", "layout", "features", "augmented_features",
         "datalist", "loss", "prepare_batch", "validation_metrics", "selection_score", "optimizer",
         "lr_scheduler", "train", "validate"),
        Effect.LEARNING,
    ),
    **dict.fromkeys(
        ("imports", "initialize", "finalize", "training", "run", "metadata", "_meta_", "writers",
         "near_start", "inferer", "train#inferer", "train#handlers", "train#key_metric",
         "train#dataset#cache_dir", "train#dataloader#num_workers", "train#trainer#device",
         "train#trainer#network", "train#trainer#train_handlers", "train#trainer#compile",
         "validate#inferer", "validate#handlers", "validate#key_metric", "validate#dataloader",
         "validate#dataset#cache_dir", "validate#evaluator#device",
         "validate#evaluator#val_handlers", "validate#evaluator#additional_metrics",
         # Of what follows a training.
         "checkpoint", "predictions", "calibration", "scans", "dataset", "dataloader", "handlers",
         "evaluator", "predicting", "evaluating", "read_study", "postprocessing", "inference"),
        Effect.HOW,
    ),
    "train#trainer#max_epochs": Effect.LENGTH,
}  # fmt: skip


def effect_of(name: str) -> Effect:
    """What another value of an id means for a training that was begun.

    Args:
        name: Id in a config, such as ``train#trainer#max_epochs``. One that is not known here, of
            a config of somebody's own, may change what is learned.
    """
    parts = name.split("#")
    for length in range(len(parts), 0, -1):
        above = "#".join(parts[:length])
        if above in PARTS:
            return PARTS[above]
        if above in SETTINGS:
            return SETTINGS[above].effect
    return Effect.LEARNING
