"""A real scheduler and real workers: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import (
    ROOT,
    STUB,
    UNFLAGGED,
    Ran,
    call,
    command,
    environment,
    on_terminal,
    refused,
    run,
    variant,
)
from tests.cli.test_long_runs import results

distributed = pytest.importorskip("distributed", reason="Dask is not installed")

MANY = ("check", "--devices", "2", "--symmetry", "off", "--fold", "off", "--format", "json")
CUT = ("--max-states", "500000")
LONG = ("check", "driver_managed_dma", "--devices", "3", "--symmetry", "off", "--fold", "off")


class Cluster:
    """A scheduler on this machine, and workers of one thread each, by their process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self._stack = contextlib.ExitStack()
        words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", self.file)
        self._start(*words)
        while not self.file.exists() or not self.file.read_text().endswith("}"):
            time.sleep(0.05)
        self.client = self._stack.enter_context(
            distributed.Client(scheduler_file=str(self.file), set_as_default=False)
        )
        self.address: str = self.client.scheduler.address

    def _start(self, role: str, *words: str | Path, root: Path = ROOT) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{role}"
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--no-dashboard", *map(str, words)],
            cwd=self.folder,
            env=environment(PYTHONPATH=str(root)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    def worker(self, root: Path = ROOT) -> subprocess.Popen[bytes]:
        """A further worker, which has the project that is at ``root``."""
        before = len(self.client.scheduler_info(-1)["workers"])
        words = ("--scheduler-file", self.file, "--nthreads", "1", "--no-nanny")
        process = self._start("worker", *words, root=root)
        self.client.wait_for_workers(before + 1, timeout=60)
        return process

    def busy(self) -> int:
        """The process of a worker that is at work, once there is one."""
        while True:
            for address, tasks in self.client.processing().items():
                if tasks:
                    pids: dict[str, int] = self.client.run(os.getpid, workers=[address])
                    return pids[address]
            time.sleep(0.02)

    def close(self) -> None:
        """End all of its processes."""
        self._stack.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    made = Cluster(tmp_path)
    yield made
    made.close()


def started(*words: str, cluster: Cluster) -> subprocess.Popen[str]:
    """The program at work with the cluster."""
    return subprocess.Popen(
        command(*words, "--cluster", cluster.address),
        cwd=cluster.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Ran:
    """What the program left."""
    out, err = process.communicate(timeout=300)
    return Ran(process.returncode, out, err)


def keys(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What each result is of."""
    return [(result["design"], result["property"]) for result in found]


def test_a_cluster_finds_what_this_machine_finds_though_a_worker_is_killed(
    cluster: Cluster,
) -> None:
    """The whole results, traces included, from two workers, of which one dies at work."""
    workers = [cluster.worker(), cluster.worker()]
    process = started(*MANY, *CUT, cluster=cluster)
    killed = cluster.busy()
    os.kill(killed, signal.SIGKILL)
    assert killed in [worker.pid for worker in workers]
    ran = ended(process)
    alone = run(*MANY, *CUT, cwd=cluster.folder)
    assert (ran.code, ran.err) == (alone.code, "")
    found = results(ran.out)
    assert len(set(keys(found))) == len(found)
    assert found == results(alone.out)
    assert len(cluster.client.scheduler_info(-1)["workers"]) == 1


def drawn(ran: Ran) -> list[str]:
    """What was printed, without the figures that depend on the clock."""
    return [line for line in ran.out.splitlines() if not line.endswith(" MiB")]


def test_a_variant_is_sent_along(cluster: Cluster, tmp_path: Path) -> None:
    cluster.worker()
    path = variant(tmp_path, "unflagged", UNFLAGGED)
    ran = call("check", path, "-p", STUB, "--cluster", cluster.address)
    alone = call("check", path, "-p", STUB)
    assert ran.code == alone.code == 1
    assert drawn(ran) == drawn(alone)
    assert "unflagged violates " in ran.out


def test_a_worker_with_another_version_is_refused_by_name(cluster: Cluster, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for folder in ("model", "properties", "counterexamples"):
        shutil.copytree(ROOT / folder, other / folder)
    with (other / "model" / "cli.py").open("a") as file:
        file.write("# Somebody has changed it.\n")
    cluster.worker(other)
    ran = call("check", "driver_managed_dma", "-p", "no_bug_on", "--cluster", cluster.address)
    refused(ran, "the worker tcp://127.0.0.1:", " has version 0.1.0 (", "), not 0.1.0 (")
    assert "install the same version of this project there" in ran.err


def test_a_worker_without_the_project_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    # This interpreter may have the project installed; there it is as if it were missing.
    missing = "raise ModuleNotFoundError(\"No module named 'model'\")\n"
    (tmp_path / "empty" / "model.py").write_text(missing)
    cluster.worker(tmp_path / "empty")
    ran = call("check", "driver_managed_dma", "-p", "no_bug_on", "--cluster", cluster.address)
    refused(ran, "No module named 'model'", "install the same version of this project there")


def test_each_size_is_a_job_and_a_terminal_is_told_how_many_are_done(cluster: Cluster) -> None:
    cluster.worker()
    words = ("check", "claim_in_probe", "-p", STUB, "--devices", "1..3", "--hotplug", "0")
    json = ("--format", "json", "--cluster", cluster.address)
    ran = on_terminal(*words, *json, cwd=cluster.folder, piped=True)
    assert results(ran.out) == results(call(*words, "--format", "json").out)
    assert "3 of 3 done, 1 worker" in ran.err


def test_ctrl_c_ends_the_run_and_the_work(cluster: Cluster) -> None:
    cluster.worker()
    process = started(*LONG, "claim_in_probe", cluster=cluster)
    cluster.busy()
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert ran.code == 3
    assert "interrupted" in ran.err
    assert "Traceback" not in ran.err
    # Its one thread is free for others again.
    assert cluster.client.submit(os.getpid, pure=False).result(timeout=20)


def test_a_limit_holds_for_each_worker(cluster: Cluster) -> None:
    cluster.worker()
    ran = ended(started(*LONG, "--memory", "150M", cluster=cluster))
    assert ran.code == 3
    assert "stopped: --memory 150M reached" in ran.out


def test_a_cluster_without_workers_and_none_at_all_are_told_apart(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model import cluster as ours

    monkeypatch.setattr(ours, "_PATIENCE", 2)
    words = ("check", "driver_managed_dma", "-p", "no_bug_on", "--cluster")
    refused(call(*words, cluster.address), f"at {cluster.address} has no worker; start one with")
    refused(call(*words, "tcp://127.0.0.1:9"), "no scheduler answers at tcp://127.0.0.1:9")
    refused(call(*words, "nowhere at all"), "no scheduler answers at nowhere at all")


def test_what_only_this_machine_does_is_refused() -> None:
    words = ("check", "--cluster", "tcp://127.0.0.1:9")
    told = "--jobs and --checkpoint are for searches here: leave --cluster out"
    refused(call(*words, "--jobs", "2"), told)
    refused(call(*words, "--checkpoint", "runs"), told)


def test_without_dask_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = call("check", "--cluster", "tcp://127.0.0.1:9")
    refused(ran, "--cluster needs Dask: pip install 'dma-ownership-checker[cluster]'")


def test_dask_is_not_loaded_otherwise(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom model.cli import main\ntry:\n    main()\nfinally:\n"
        "    print(sorted({'dask', 'distributed'} & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "check", "driver_managed_dma", "-p", "no_bug_on"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "[]\n")
