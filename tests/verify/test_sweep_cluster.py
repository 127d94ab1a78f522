"""A sweep on two Dask processes, one of which is killed while it compares."""

import os
import signal
import threading
import time

import pytest

from convmat.cli import main
from convmat.verify import ROUTES, Box, prove, sweep

distributed = pytest.importorskip(
    "distributed", reason='needs pip install "convmat[distributed]"'
)

# One worker of pytest-xdist starts the cluster, and the others none.
pytestmark = pytest.mark.xdist_group("cluster")

BOX = Box.of(rank=2, max_size=3, max_kernel=2, dilations=1)
FAST = [ROUTES["fast"]]


@pytest.fixture(scope="module")
def client():
    """Two processes on this machine; nothing is opened to other machines."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: None means port 8787
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        yield client


def numbers(proof):
    return proof.passed, proof.geometries, proof.entries, proof.tested


def test_a_worker_killed_midway_changes_nothing(client, tmp_path):
    results = tmp_path / "results.jsonl"
    before = client.run(os.getpid)
    killed = []

    def kill_one():
        while not results.exists() or results.read_bytes().count(b"\n") < 4:
            time.sleep(0.002)
        address, process = next(iter(before.items()))
        os.kill(process, signal.SIGKILL)
        killed.append((address, results.read_bytes().count(b"\n") - 1))

    killer = threading.Thread(target=kill_one)
    killer.start()
    proof = sweep(BOX, routes=FAST, executor=client, results=results, chunk=16)
    killer.join()
    (_, chunks_before) = killed[0]
    assert 0 < chunks_before < len(BOX) // 16
    assert numbers(proof) == numbers(prove(BOX, routes=FAST))
    client.wait_for_workers(2)
    assert set(client.run(os.getpid).values()) != set(before.values())


def test_an_executor_of_the_cluster_will_do(client):
    with client.get_executor() as executor:
        proof = sweep(BOX, routes=FAST, executor=executor)
    assert numbers(proof) == numbers(prove(BOX, routes=FAST))


def test_the_command_takes_the_address_of_a_scheduler(client, capsys):
    address = client.scheduler.address
    command = ["prove", "--rank", "1", "--max-size", "4", "--routes", "fast,dense"]
    assert main([*command, "--scheduler", address]) == 0
    assert "PASS 1-D sizes 1-4" in capsys.readouterr().out
    assert main([*command, "--scheduler", address, "--workers", "2"]) == 2
    assert "--workers cannot stand beside --scheduler" in capsys.readouterr().err
