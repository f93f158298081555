"""What the command line costs before it has done anything, and the commands that only look."""

import re
import resource
import subprocess
import sys

import numpy as np
import pytest

from unweave import data, methods, metrics
from unweave.cli import COMMANDS, main


def imported_by(*words: str) -> tuple[set[str], float, str]:
    """(modules imported, seconds of CPU, stdout) of a command in a process of its own."""
    program = (
        "import sys; from unweave.cli import main; code = main(sys.argv[1:]);"
        "print('MODULES', *sys.modules); sys.exit(code)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, _, modules = done.stdout.rpartition("MODULES")
    return (
        set(modules.split()),
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        out,
    )


@pytest.mark.parametrize(
    "words", [("--help",), ("list",), ("train", "--help"), ("evaluate", "--help"), ("--version",)]
)
def test_looking_imports_no_torch_and_starts_at_once(words):
    modules, seconds, _ = imported_by(*words)
    assert not modules & {"torch", "sklearn", "scipy", "PIL"}
    assert seconds < 0.5


def test_scoring_arrays_imports_no_torch(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "codes.npy", rng.normal(size=(100, 3)))
    np.save(tmp_path / "factors.npy", rng.integers(4, size=(100, 2)))
    modules, _, out = imported_by(
        "evaluate",
        "--codes",
        f"{tmp_path}/codes.npy",
        "--factors",
        f"{tmp_path}/factors.npy",
        "--metrics",
        "mig",
    )
    assert "torch" not in modules
    assert re.search(r"^mig +0\.\d+ ± 0\.\d+ +0\.\d+ to 0\.\d+ +0\.\d+$", out, re.MULTILINE)


def test_list_shows_every_name(unweave):
    _, everything, _ = unweave("list")
    shown = {line.split()[0] for line in everything.splitlines() if line.startswith("  ")}
    parts = {name for kind in methods.PARTS.values() for name in kind}
    assert {*methods.names(), *metrics.names(), *data.names(), *parts} == shown
    _, some, _ = unweave("list", "metrics")
    assert {line.split()[0] for line in some.splitlines() if line.startswith("  ")} == set(
        metrics.names()
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(unweave, command):
    code, out, err = unweave(command, "--help")
    assert (code, err) == (0, "")
    assert f"usage: unweave {command}" in out


def test_the_overview_names_every_command(capsys):
    assert main([]) == 0
    assert set(re.findall(r"^  (\w+) ", capsys.readouterr().out, re.MULTILINE)) == set(COMMANDS)


def test_a_reader_that_stops_reading_is_no_error():
    program = "import sys; from unweave.cli import main; sys.exit(main(['list']))"
    done = subprocess.run(
        f'{sys.executable} -c "{program}" | head -n 1; echo ${{PIPESTATUS[0]}}',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout == "methods:\n0\n"
