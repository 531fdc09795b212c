"""What ``--cluster`` may say, and who may reach a scheduler."""

import datetime
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.work.cluster import job as job_module
from monai_amyloid.work.cluster.batches import SECONDS, BatchSizes
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, cluster_of, engine_for
from monai_amyloid.work.cluster.job import JobUnreadableError, laid_out, read
from monai_amyloid.work.cluster.slurm_settings import SlurmSettings, read_slurm_settings
from monai_amyloid.work.local_engine import LocalEngine

WHOLE = 'workers = 20\nmemory = "4 GB"\ntime = "12:00:00"\n'


def test_without_a_choice_all_is_made_on_this_machine(tmp_path: Path) -> None:
    assert cluster_of("local") == LOCAL and LOCAL.is_local
    engine = engine_for(LOCAL, 3, tmp_path, least=5)
    assert isinstance(engine, LocalEngine) and (engine.workers, engine.least) == (3, 5)


def test_settings_of_slurm_are_read(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(WHOLE + 'partition = "gpu"\ngpus = 1\ncores = 4\nextra = ["--qos=low"]\n')
    assert read_slurm_settings(file) == SlurmSettings(
        workers=20, memory="4 GB", time="12:00:00", partition="gpu", gpus=1, cores=4,
        extra=("--qos=low",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("workers = 20", "memory is missing"),
        (WHOLE + "nodes = 3", "nodes is unknown; known are workers, memory"),
        (WHOLE.replace("20", "0"), "workers = 0: needed a whole number, 1 or more"),
        (WHOLE.replace("20", "true"), "workers = True: needed a whole number"),
        (
            WHOLE.replace("4 GB", "4"),
            "memory = '4': needed a number and its unit, such as \"4 GB\"",
        ),
        (WHOLE.replace("12:00:00", "12 h"), "needed a time as Slurm writes it"),
        (WHOLE + 'extra = "--qos=low"', "needed a list of texts of one line"),
        (WHOLE + "partition = 3", "needed a text of one line in quotation marks"),
        ("workers", "is no TOML"),
    ],
)
def test_wrong_settings_are_one_clear_error(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "cluster.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        read_slurm_settings(tmp_path / "cluster.toml")
    assert problem in str(caught.value) and "cluster.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("tcp://10.0.0.1:8786", "nobody has to show a certificate there"),
        ("tcp://node.example:8786", "use tls://node.example:8786"),
        ("http://127.0.0.1:80", "is no address of a scheduler"),
        ("tls://host", "is no address of a scheduler"),
        ("tls://host:x", "is no address of a scheduler"),
        ("slurm", "names no settings"),
        ("kubernetes", "is no cluster"),
    ],
)
def test_what_is_no_cluster_or_is_open_to_all_is_refused(address: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        cluster_of(address)


def test_an_open_connection_has_to_be_asked_for() -> None:
    pytest.importorskip("distributed")
    open_to_all = cluster_of("tcp://10.0.0.1:8786", "none")
    assert open_to_all == Cluster(address="tcp://10.0.0.1:8786", security="none")
    assert cluster_of("tcp://[::1]:8786").address == "tcp://[::1]:8786"


def test_batches_grow_from_one_item_to_seconds_and_shrink_to_the_end() -> None:
    sizes = BatchSizes()
    assert sizes.next(1000, 2) == 1
    assert SECONDS == 2
    grown = []
    for _ in range(8):
        grown.append(sizes.next(100_000, 2))
        sizes.note([0.02] * grown[-1])
    assert grown[:4] == [1, 2, 4, 8] and sizes.next(100_000, 2) in (99, 100)
    assert sizes.next(40, 2) == 10 and sizes.next(3, 2) == 1
    sizes.note([60.0])
    assert sizes.next(100_000, 2) == 1


def certificates(folder: Path) -> Path:
    """A CA of one's own with one certificate, and the file that names them."""
    cryptography = pytest.importorskip("cryptography")
    del cryptography
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "own.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    file = folder / "security.toml"
    file.write_text('ca = "own.pem"\ncertificate = "own.pem"\nkey = "key.pem"\n')
    return file


def double(number: int) -> int:
    return 2 * number


def test_a_job_is_done_as_it_was_laid_out_or_not_at_all(tmp_path: Path) -> None:
    with laid_out(double, tmp_path) as job:
        impatient = replace(job, patience_s=0.0)
        assert read(impatient)(21) == 42
        with pytest.raises(JobUnreadableError, match="another monai-amyloid"):
            read(replace(job, code="other"))
        make = read(impatient)
        Path(job.path).write_bytes(pickle.dumps(print))
        job_module._LOADED.clear()
        with pytest.raises(RuntimeError, match="was changed"):
            make(21)
        with pytest.raises(JobUnreadableError, match="does not see"):
            read(impatient)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_this_machine_alone_opens_no_port(tmp_path: Path) -> None:
    ports = LocalEngine(1).each(listening_sockets, [0])
    assert dict(ports) == {0: 0} and listening_sockets(0) == 0


def listening_sockets(_: int) -> int:
    """How many sockets of this process wait for others."""
    held = set()
    for place in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            held.add(str(place.readlink()))
    tables = [Path(f"/proc/net/{each}").read_text().splitlines()[1:] for each in ("tcp", "tcp6")]
    waiting = [line.split()[9] for table in tables for line in table if line.split()[3] == "0A"]
    return sum(f"socket:[{inode}]" in held for inode in waiting)


@pytest.mark.elsewhere
@pytest.mark.filterwarnings("ignore")
def test_only_who_has_a_certificate_reaches_a_scheduler_by_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    mine, others = certificates(tmp_path / "mine"), certificates(tmp_path / "others")
    files = {name: str(mine.with_name(f"{name}.pem")) for name in ("own", "key")}
    security = distributed.Security(
        require_encryption=True,
        tls_ca_file=files["own"],
        **{f"tls_{role}_cert": files["own"] for role in ("scheduler", "worker", "client")},
        **{f"tls_{role}_key": files["key"] for role in ("scheduler", "worker", "client")},
    )
    monkeypatch.setattr("monai_amyloid.work.cluster.scheduler._LONGEST_S", 2.0)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="tls://127.0.0.1",
        security=security,
    ) as cluster:  # fmt: skip
        address = cluster.scheduler_address
        chosen = cluster_of(address, str(mine))
        assert dict(engine_for(chosen, 1, tmp_path).each(double, [1, 2])) == {0: 2, 1: 4}
        with pytest.raises(RunError, match="no scheduler answers at tls://"):
            list(engine_for(cluster_of(address, str(others)), 1, tmp_path).each(double, [1]))
        with pytest.raises(UserError, match="needs certificates"):
            list(engine_for(cluster_of(address), 1, tmp_path).each(double, [1]))


@pytest.mark.slow
@pytest.mark.parametrize("users", [False, True])
def test_late_messages_of_dask_are_printed_only_to_who_uses_dask_himself(users: bool) -> None:
    pytest.importorskip("distributed")
    script = """
import logging, sys
if sys.argv[1] == "True":
    import distributed
from monai_amyloid.work.cluster.scheduler import quiet
for _ in range(2):
    with quiet():
        import distributed
        logging.getLogger("distributed.batched").error("within")
    logging.getLogger("distributed.batched").info("after")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(users)], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("after") == (2 if users else 0)
    assert "within" not in done.stderr
