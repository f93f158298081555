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
import json
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

from unweave.cli import main as command
from unweave.reproduction.listed import read
from unweave.runs.folder import Folder
from unweave.runs.sealed_json import marked

SMALL = "--encoder mlp --decoder mlp --encoder.width 8 --decoder.width 8 --latents 2 --precision float32"
TRAIN = f"train factor-vae --data digits --steps 5 --batch-size 8 --log-every 1 --holdout 0.1 {SMALL}"
OTHER_TYPES = (
    None,
    True,
    -1,
    0,
    3.5,
    1e300,
    float("nan"),
    float("inf"),
    10**30,
    "",
    "x",
    "1",
    [],
    [1],
    ["x"],
    {},
    {"a": 1},
)
FILES = ("config.json", "log.jsonl", "scores.json", "recipe.yaml", "options.yaml")
SETTINGS = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8, "latents": 2, "beta": 4.0}
ARM = {"method": "beta-vae", "data": "digits", "steps": 2, "batch_size": 8, "log_every": 1, "settings": SETTINGS}
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
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
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


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within a value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def altered(plain: Any, other: Any, rng: np.random.Generator) -> Any:
    """Names with values, one of them of another type, renamed, removed, or as in the other run."""
    plain = json.loads(json.dumps(plain))
    every = places(plain)
    path = every[rng.integers(len(every))]
    holder = plain
    beside = other
    for key in path[:-1]:
        holder = holder[key]
        with contextlib.suppress(KeyError, IndexError, TypeError):
            beside = beside[key]
    last = path[-1]
    kind = rng.integers(4)
    if kind == 0 and isinstance(holder, dict):
        holder[f"{last}x"] = holder.pop(last)
    elif kind == 1:
        del holder[last]
    elif kind == 2 and isinstance(beside, dict) and last in beside:
        holder[last] = beside[last]
    else:
        holder[last] = OTHER_TYPES[rng.integers(len(OTHER_TYPES))]
    return plain


def damaged_text(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A flipped bit, bytes cut off, or a line removed, copied, moved, or of the other run."""
    lines = content.splitlines(keepends=True)
    line = int(rng.integers(len(lines)))
    kind = rng.integers(7)
    if kind <= 1:
        place = int(rng.integers(len(content)))
        return content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :]
    if kind == 2:
        return content[: int(rng.integers(len(content)))]
    taken = lines.pop(line)
    if kind == 3:
        return b"".join(lines)
    if kind == 4:
        taken *= 2
    if kind == 5:
        line = int(rng.integers(len(lines) + 1))
    if kind == 6:
        theirs = other.splitlines(keepends=True)
        taken = theirs[line % len(theirs)]
    return b"".join([*lines[:line], taken, *lines[line:]])


def resealed(name: str, plain: Any, run: str) -> Any:
    """The same with checksums that hold. run: its name."""
    if not isinstance(plain, dict):
        return plain
    if name == "config.json":
        return marked(plain)
    if name == "scores.json":
        plain = {key: marked(value, run + key) if isinstance(value, dict) else value for key, value in plain.items()}
    return marked(plain, run)


def damage(name: str, content: bytes, other: bytes, run: str, rng: np.random.Generator) -> tuple[bytes, bool]:
    """(a damaged file, whether it was given checksums that hold)."""
    if rng.random() < 0.5:
        return damaged_text(content, other, rng), False
    if name.endswith(".yaml"):
        return yaml.safe_dump(
            altered(yaml.safe_load(content), yaml.safe_load(other), rng), sort_keys=False
        ).encode(), True
    forged = bool(rng.random() < 0.5)
    line = 0
    texts = [content], [other]
    if name == "log.jsonl":
        texts = content.splitlines(), other.splitlines()
        line = int(rng.integers(len(texts[0])))
    plain = altered(json.loads(texts[0][line]), json.loads(texts[1][line]), rng)
    if forged:
        plain = resealed(name, plain, run)
    texts[0][line] = json.dumps(plain, indent=1 if name == "config.json" else None).encode()
    return b"\n".join(texts[0]) + (b"\n" if name == "log.jsonl" else b""), forged


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
    whole = found[1] == log or (turn % 3 and name == "log.jsonl" and found[1] == log[: len(found[1])])
    if result == "read" and not forged:
        result = "same" if found[0] == config and found[2] == scores and whole else "changed"
    return result, said


def trained(seed: int) -> Path:
    """A small run with scores, of the command line."""
    assert called(*TRAIN.split(), "--seed", seed, "--out", f"made/{seed}")[0] == "read"
    (run,) = Path(f"made/{seed}").iterdir()
    assert called("evaluate", run, "--metrics", "mig,dci,sap", "--n", 300)[0] == "read"
    return run


def tried(name: str, runs: tuple[Path, Path], expected: Any, turn: int, rng: np.random.Generator) -> tuple[str, str]:
    """What became of one damaged file, in a folder of its own."""
    here = Path("try")
    if name.endswith(".yaml"):
        here.mkdir()
        file = here / name
        contents = [yaml.safe_dump(RECIPE if name == "recipe.yaml" else OPTIONS, sort_keys=False).encode()] * 2
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--damages", type=int, default=1000, help="in all, of five kinds of file in turn")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = {name: Counter() for name in FILES}
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        runs = trained(3), trained(4)
        expected = meaning(runs[0])
        for turn in range(given.damages):
            name = FILES[turn % len(FILES)]
            result, said = tried(name, runs, expected, turn // len(FILES), np.random.default_rng([given.seed, turn]))
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
