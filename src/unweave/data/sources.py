"""Where the published files are, under which licence, and how to know them again.

A checksum stands here only where its source is known; of the others it is recorded at first use, beside the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from unweave.data.published import HOME, find

BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A published data set. size and sha256 are of `file`, 0 and "" where nobody published them."""

    file: str
    address: str
    licence: str
    size: int = 0
    sha256: str = ""
    stand_in: str = ""


GS = "https://storage.googleapis.com"
NORB = "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat"
SOURCES = {
    "dsprites": Source(
        "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        "https://github.com/google-deepmind/dsprites-dataset",
        "Apache-2.0",
    ),
    "dsprites-hdf5": Source(
        "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5",
        "https://github.com/google-deepmind/dsprites-dataset",
        "Apache-2.0",
        28_024_106,
        "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb",  # TensorFlow Datasets
    ),
    "shapes3d": Source(
        "3dshapes.h5",
        f"{GS}/3d-shapes/3dshapes.h5",
        "Apache-2.0",
        267_573_662,
        "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785",  # TensorFlow Datasets
        stand_in="scene3d",
    ),
    "mpi3d-toy": Source("mpi3d_toy.npz", f"{GS}/mpi3d_disentanglement_dataset/data/mpi3d_toy.npz", "CC BY 4.0"),
    "mpi3d-realistic": Source(
        "mpi3d_realistic.npz", f"{GS}/mpi3d_disentanglement_dataset/data/mpi3d_realistic.npz", "CC BY 4.0"
    ),
    "mpi3d-real": Source("mpi3d_real.npz", f"{GS}/mpi3d_disentanglement_dataset/data/mpi3d_real.npz", "CC BY 4.0"),
    "mpi3d-complex": Source(
        "real3d_complicated_shapes_ordered.npz", "https://github.com/rr-learning/disentanglement_dataset", "CC BY 4.0"
    ),
    "cars3d": Source("*.mat", "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz", "none stated"),
    "smallnorb": Source(NORB, "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/", "research only, not to be sold"),
    "celeba": Source(
        "list_attr_celeba.txt", "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html", "non-commercial research"
    ),
    "falcor3d": Source("train-rec.labels", "https://github.com/NVlabs/High-res-disentanglement-datasets", "CC BY 4.0"),
    "isaac3d": Source("labels.npy", "https://github.com/NVlabs/High-res-disentanglement-datasets", "CC BY 4.0"),
}


def wanted(name: str, root: str | Path | None, file: str = "") -> Path:
    """The published file of a data set; FileNotFoundError that says where it comes from and what is drawn instead."""
    source = SOURCES[name]
    file = file or source.file
    try:
        found = find(file, root)
    except FileNotFoundError:
        found = None
    if found is None:
        place = f"in {root}" if root is not None else f"in ${HOME} ({os.environ.get(HOME) or 'not set'})"
        instead = f"; without it, {source.stand_in} is drawn in its manner" if source.stand_in else ""
        raise FileNotFoundError(
            f"{name} needs the file {file}, which is not {place}; it is from {source.address}{instead}"
        )
    return found


def verify(name: str, path: Path) -> str:
    """What is known of a file, in words; ValueError if it is not the published one, or has changed since first use."""
    source, found = SOURCES[name], digest(path)
    if source.sha256:
        if found != source.sha256:
            raise ValueError(f"{path} is not the published file: its sha256 is {found}; expected {source.sha256}")
        return f"{path} is the published file"
    note = path.with_name(path.name + ".sha256.json")
    if note.is_file():
        first = json.loads(note.read_text())["sha256"]
        if found != first:
            raise ValueError(f"{path} has changed since its first use: its sha256 is {found}; it was {first}")
        return f"{path} is unchanged since its first use"
    note.write_text(json.dumps({"sha256": found, "size": path.stat().st_size}))
    return f"no checksum of {path.name} was published; {found} is recorded as that of its first use"


def check(name: str, path: Path) -> None:
    """ValueError if a file of the published size is not the published file. Files of other sizes are other files."""
    source = SOURCES[name]
    if source.sha256 and path.stat().st_size == source.size and digest(path) != source.sha256:
        raise ValueError(f"{path} is damaged: its sha256 is not the published one; fetch it again")


def digest(path: Path) -> str:
    """The sha256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)
    return total.hexdigest()
