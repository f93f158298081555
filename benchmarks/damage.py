"""Damage of config.json, log.jsonl, scores.json, recipes and files of options, each followed by a command.

    python benchmarks/damage.py --damages 1000

Two small runs are trained by the command line. A file of the one is damaged: a flipped bit, a line that is removed,
copied, moved or cut off, a value of another type, a key renamed or removed, a value or a line of the other run. Half of
the altered values get a fresh checksum, as by someone who edits on purpose; these say what they say, and only a
traceback is a fault. Refused: one line and exit code 2. Same: the command succeeds, and config, log and scores are read
as they were written (of a log without its end: a beginning of it, where the run is unfinished). Changed: they are not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from alterations import damage

from unweave.cli import main as command
from unweave.reproduction.listed import read
from unweave.runs.folder import Folder

SMALL = "--encoder mlp --decoder mlp --encoder.width 8 --decoder.width 8 --latents 2 --precision float32"
TRAIN = (
    f"train factor-vae --data digits --steps 5 --batch-size 8 --log-every 1 --holdout 0.1 {SMALL}"
)
FILES = ("config.json", "log.jsonl", "scores.json", "recipe.yaml", "options.yaml")
SETTINGS = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "latents": 2,
    "beta": 4.0,
}
ARM = {
    "method": "beta-vae",
    "data": "digits",
    "steps": 2,
    "batch_size": 8,
    "log_every": 1,
    "settings": SETTINGS,
}
RECIPE = {
    "claim": "it runs", "source": "none", "minutes": 1, "machine": "any", "seeds": [0],
    "measured": {"chosen": "not yet", "fresh": "not yet"}, "chosen_on": [3],
    "arms": {"method": ARM, "vae": ARM | {"method": "ae", "settings": {"latents": 2}, "holdout": 0.1}},
    "checks": [
        {"measure": {"score": "mig", "n": 300}, "at_least": -1.0, "ablation": "vae", "tolerance": 0.1},
        {"measure": {"log": "reconstruction", "records": 1}, "at_most": {"arm": "vae", "times": 2.0}, "of": "mean"},
    ],
}  # fmt: skip
OPTIONS = {**ARM, **SETTINGS, "regulariser": "beta"}
del OPTIONS["settings"]


def called(*words: object) -> tuple[str, str]:
    """("read", "refused" or "traceback", what was said) of one command in this process."""
    said = io.StringIO()
    with (
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            code = command(list(map(str, words)))
        except Exception:
            return "traceback", traceback.format_exc()
    last = said.getvalue().strip().splitlines()[-1:]
    return {0: "read", 2: "refused"}.get(code, f"code {code}"), "".join(last)


def meaning(run: Path) -> Any:
    """What config, log and scores of a run say."""
    folder = Folder(run)
    scores = {name: score.to_dict() for name, score in folder.scores().items()}
    return folder.config.plain(), list(folder.records()), scores


def outcome(name: str, here: Path, turn: int, forged: bool, expected: Any) -> tuple[str, str]:
    """What became of one damaged file in the folder `here`."""
    if name == "options.yaml":
        return called("train", "--config", here / name, "--dry-run")
    if name == "recipe.yaml":
        try:
            read(str(here / name))
        except ValueError as error:
            return ("refused" if "\n" not in str(error) else "two lines"), str(error)
        except Exception:
            return "traceback", traceback.format_exc()
        result, said = called("reproduce", here / name, "-o", here / "runs")
        return ("read" if result == "code 1" else result), said  # 1: its claim fails
    run = here / "run"
    ways = (
        ("report", run, "-o", here / "page.html"),
        ("evaluate", run, "--metrics", "active_latents", "--n", 100),
        ("train", "--resume", run),
    )
    if turn % 3:
        (run / "done").unlink()
    try:
        found = meaning(run)
    except ValueError as error:
        return ("refused" if "\n" not in str(error) else "two lines"), str(error)
    except Exception:
        return "traceback", traceback.format_exc()
    result, said = called(*ways[turn % 3])
    config, log, scores = expected
    whole = found[1] == log or (
        turn % 3 and name == "log.jsonl" and found[1] == log[: len(found[1])]
    )
    if result == "read" and not forged:
        result = "same" if found[0] == config and found[2] == scores and whole else "changed"
    return result, said


def trained(seed: int) -> Path:
    """A small run with scores, of the command line."""
    assert called(*TRAIN.split(), "--seed", seed, "--out", f"made/{seed}")[0] == "read"
    (run,) = Path(f"made/{seed}").iterdir()
    assert called("evaluate", run, "--metrics", "mig,dci,sap", "--n", 300)[0] == "read"
    return run


def tried(
    name: str, runs: tuple[Path, Path], expected: Any, turn: int, rng: np.random.Generator
) -> tuple[str, str]:
    """What became of one damaged file, in a folder of its own."""
    here = Path("try")
    if name.endswith(".yaml"):
        here.mkdir()
        file = here / name
        contents = [
            yaml.safe_dump(RECIPE if name == "recipe.yaml" else OPTIONS, sort_keys=False).encode()
        ] * 2
    else:
        shutil.copytree(runs[0], here / "run")
        file = here / "run" / name
        contents = [(run / name).read_bytes() for run in runs]
    damaged, forged = damage(name, contents[0], contents[1], Folder(runs[0]).run, rng)
    file.write_bytes(damaged)
    try:
        return outcome(name, here, turn, forged, expected)
    finally:
        shutil.rmtree(here)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--damages", type=int, default=1000, help="in all, of five kinds of file in turn"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = {name: Counter() for name in FILES}
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        runs = trained(3), trained(4)
        expected = meaning(runs[0])
        for turn in range(given.damages):
            name = FILES[turn % len(FILES)]
            result, said = tried(
                name, runs, expected, turn // len(FILES), np.random.default_rng([given.seed, turn])
            )
            counts[name][result] += 1
            if result not in ("read", "same", "refused"):
                print(f"{turn}, {name}, {result}: {said}", file=sys.stderr)
        os.chdir("/")
    kinds = ("refused", "same", "read", "changed", "traceback")
    print(f"| file | {' | '.join(kinds)} | other |\n|---|---|---|---|---|---|---|")
    for name, count in counts.items():
        rest = sum(count.values()) - sum(count[kind] for kind in kinds)
        print(f"| {name} | {' | '.join(str(count[kind]) for kind in kinds)} | {rest} |")
    return int(any(count["changed"] or count["traceback"] for count in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
