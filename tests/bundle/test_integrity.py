"""A bundle is what was exported, byte for byte, and no other than the one that is required."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CONFIGS
from typer.testing import CliRunner

from monai_amyloid.bundle.files import CALIBRATION, DECIDING, INFERENCE, LISTED, METADATA, MODEL
from monai_amyloid.bundle.integrity import Trust, bundle_sha256, read_bundle
from monai_amyloid.cli import app
from monai_amyloid.errors import UserError
from monai_amyloid.installed import shipped_bundle

Change = Callable[[Path], object]


def listed(bundle: Path) -> dict[str, str]:
    return dict(json.loads((bundle / METADATA).read_text(encoding="utf-8"))["sha256"])


def seal(bundle: Path, *left_out: str) -> None:
    """Write the checksums anew, as whoever changes a file can do."""
    metadata = json.loads((bundle / METADATA).read_text(encoding="utf-8"))
    digests = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in LISTED}
    metadata["sha256"] = {name: each for name, each in digests.items() if name not in left_out}
    (bundle / METADATA).write_text(json.dumps(metadata), encoding="utf-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The shipped bundle with other weights, as reading it does not understand them."""
    bundle = tmp_path / "bundle"
    shutil.copytree(shipped_bundle(), bundle, ignore=shutil.ignore_patterns("model.pt"))
    (bundle / MODEL).write_bytes(b"weights")
    seal(bundle)
    return bundle


def test_export_lists_every_config_and_all_that_was_learned() -> None:
    bundle = shipped_bundle()
    files = {f"{path.parent.name}/{path.name}" for path in bundle.glob("[cm]o*/*")}
    assert files == {*LISTED, METADATA} and listed(bundle).keys() == {*LISTED}


def test_the_whole_sha256_is_that_of_the_lines_of_sha256sum() -> None:
    lines = ""
    for name in sorted(DECIDING):
        lines += f"{hashlib.sha256((shipped_bundle() / name).read_bytes()).hexdigest()}  {name}\n"
    assert bundle_sha256(shipped_bundle()) == hashlib.sha256(lines.encode()).hexdigest()
    assert read_bundle(shipped_bundle()).sha256 == bundle_sha256(shipped_bundle())


@pytest.mark.parametrize("name", LISTED)
def test_a_changed_byte_of_any_listed_file_is_refused(small: Path, name: str) -> None:
    content = (small / name).read_bytes()
    (small / name).write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    with pytest.raises(UserError, match=rf"{name}: SHA-256 .* copy or export it again"):
        read_bundle(small)


@pytest.mark.parametrize("name", LISTED)
def test_a_change_with_checksums_made_anew_is_another_bundle(small: Path, name: str) -> None:
    before = bundle_sha256(small)
    (small / name).write_bytes((small / name).read_bytes() + b"\n")
    seal(small)
    now = read_bundle(small).sha256
    with pytest.raises(UserError, match=rf"SHA-256 is {now}, needed {before}"):
        read_bundle(small, Trust(before))


@pytest.mark.parametrize("left_out", [[INFERENCE], ["configs/train.json", INFERENCE]])
def test_a_bundle_of_an_earlier_export_is_read_and_says_what_it_does_not_list(
    small: Path, left_out: list[str]
) -> None:
    seal(small, *left_out)
    before = read_bundle(small)
    assert {*before.unlisted} == {*left_out}
    (small / INFERENCE).write_bytes((small / INFERENCE).read_bytes().replace(b"2.5", b"2.6"))
    assert read_bundle(small).sha256 != before.sha256


@pytest.mark.parametrize("name", [MODEL, CALIBRATION])
def test_what_every_export_has_listed_must_be_listed(small: Path, name: str) -> None:
    seal(small, name)
    with pytest.raises(UserError, match=f"{name}: SHA-256"):
        read_bundle(small)


def link_out(bundle: Path, name: str) -> None:
    outside = Path(shutil.move(bundle / name, bundle.parent / "outside"))
    (bundle / name).symlink_to(outside)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda bundle: link_out(bundle, MODEL), "a link that leads out"),
        (lambda bundle: link_out(bundle, METADATA), "a link that leads out"),
        (lambda bundle: pipe(bundle / INFERENCE), "no conf"),
        (lambda bundle: ((bundle / INFERENCE).unlink(), (bundle / INFERENCE).mkdir()), "no conf"),
        (lambda bundle: (bundle / INFERENCE).write_bytes(b" " * 5_000_000), "larger than"),
    ],
)
def test_what_is_no_file_of_the_bundle_is_one_line(small: Path, change: Change, said: str) -> None:
    change(small)
    with pytest.raises(UserError, match=said) as refusal:
        read_bundle(small)
    assert "\n" not in str(refusal.value)


def test_links_within_a_bundle_and_to_it_are_followed(small: Path, tmp_path: Path) -> None:
    (small / MODEL).rename(small / "models" / "real.pt")
    (small / MODEL).symlink_to("real.pt")
    (tmp_path / "current").symlink_to(small)
    assert read_bundle(tmp_path / "current").sha256 == bundle_sha256(small)


@pytest.mark.parametrize(
    "stated",
    [
        {"../../etc/passwd": "0" * 64},
        {"docs/README.md": "0" * 64},
        {MODEL: "0" * 12},
        {MODEL: None},
        [],
        None,
    ],
)
def test_checksums_of_other_than_files_of_the_bundle_are_refused(
    small: Path, stated: object
) -> None:
    metadata = json.loads((small / METADATA).read_text(encoding="utf-8"))
    (small / METADATA).write_text(json.dumps({**metadata, "sha256": stated}), encoding="utf-8")
    with pytest.raises(UserError, match=r"metadata\.json: (found|no checksums)"):
        read_bundle(small)


@pytest.mark.parametrize("written", [" {} ", "{}\n"], ids=["spaces", "line"])
@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_a_whole_sha256_is_taken_in_any_spelling(written: str, change: Callable) -> None:
    digest = bundle_sha256(shipped_bundle())
    assert Trust.of(written.format(change(digest))) == Trust(digest)


@pytest.mark.parametrize("digest", ["", "0123abcd", "g" * 64, "0" * 63, "sha256:" + "0" * 64])
def test_a_part_of_a_sha256_is_wrong_usage(digest: str, tmp_path: Path) -> None:
    arguments = ["infer", str(tmp_path), "--output", str(tmp_path / "o")]
    done = CliRunner().invoke(app, [*arguments, "--require-bundle", digest])
    assert done.exit_code == 2 and "its whole SHA-256" in " ".join(done.output.split())
    with pytest.raises(UserError, match="needed its whole SHA-256, 64 digits"):
        Trust.of(digest)


def test_settings_of_a_training_are_data() -> None:
    from monai_amyloid.bundle.configs import bundle_configs

    for value in ("$1 + 1", "@device", "%train.json", {"_target_": "os.system"}, [["a"]]):
        with pytest.raises(UserError, match="settings of the training hold"):
            bundle_configs([CONFIGS / "train.json"], {"spacing_mm": value}, False)
    for name in ("network_def#_target_", "+imports", "a::b", "_target_"):
        with pytest.raises(UserError, match="settings of the training hold"):
            bundle_configs([CONFIGS / "train.json"], {name: "os.system"}, False)
