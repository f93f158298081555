"""Catalogue of the published data sets: addresses, licences, sizes and checksums of their files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """A published data set.

    size and sha256 are of `file`, 0 and "" if they are not published.
    folder: name of the folder for the files, for sets whose files have the same names.
    stand_in: name of a rendered data set for use without the files.
    more: the other files, beside the first one and at its address, {name: (size, sha256)}.
    """

    file: str
    address: str
    licence: str
    size: int = 0
    sha256: str = ""
    stand_in: str = ""
    folder: str = ""
    more: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def direct(self) -> bool:
        """Whether the address is that of the file itself, so that it can be downloaded."""
        return self.address.endswith(self.file)

    @property
    def files(self) -> dict[str, tuple[int, str]]:
        """All files, {name: (size, sha256)}, the first one first."""
        return {self.file: (self.size, self.sha256)} | self.more


GS = "https://storage.googleapis.com"
HF = "https://huggingface.co/datasets"
SPRITES = "https://github.com/google-deepmind/dsprites-dataset"
NORB = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small"
NORB_TRAIN = "smallnorb-5x46789x9x18x6x2x96x96-training"
NORB_TEST = "smallnorb-5x01235x9x18x6x2x96x96-testing"
# Every checksum is from the lists of TensorFlow Datasets, tensorflow_datasets/url_checksums.
# The addresses of MPI3D are from its description, github.com/rr-learning/disentanglement_dataset.
SOURCES = {
    "dsprites": Source(
        "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        f"{SPRITES}/raw/master/dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        "Apache-2.0",
    ),
    "dsprites-hdf5": Source(
        "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5",
        f"{SPRITES}/raw/master/dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5",
        "Apache-2.0",
        28_024_106,
        "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb",
    ),
    "shapes3d": Source(
        "3dshapes.h5",
        f"{GS}/3d-shapes/3dshapes.h5",
        "Apache-2.0",
        267_573_662,
        "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785",
        stand_in="scene3d",
    ),
    "mpi3d-toy": Source(
        "mpi3d_toy.npz", f"{HF}/waleedgondal/mpi3d/resolve/main/mpi3d_toy.npz", "CC BY 4.0"
    ),
    "mpi3d-realistic": Source(
        "mpi3d_realistic.npz",
        f"{HF}/waleedgondal/mpi3d/resolve/main/mpi3d_realistic.npz",
        "CC BY 4.0",
    ),
    "mpi3d-real": Source(
        "mpi3d_real.npz", f"{HF}/waleedgondal/mpi3d/resolve/main/mpi3d_real.npz", "CC BY 4.0"
    ),
    "mpi3d-complex": Source(
        "real3d_complicated_shapes_ordered.npz",
        "https://github.com/rr-learning/disentanglement_dataset",
        "CC BY 4.0",
    ),
    "cars3d": Source(
        "*.mat", "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz", "none stated"
    ),
    "smallnorb": Source(
        f"{NORB_TRAIN}-dat.mat.gz",
        f"{NORB}/{NORB_TRAIN}-dat.mat.gz",
        "research only, not to be sold",
        131_896_188,
        "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
        more={
            f"{NORB_TRAIN}-cat.mat.gz": (
                348,
                "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
            ),
            f"{NORB_TRAIN}-info.mat.gz": (
                71_052,
                "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32",
            ),
            f"{NORB_TEST}-dat.mat.gz": (
                130_799_817,
                "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
            ),
            f"{NORB_TEST}-cat.mat.gz": (
                347,
                "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
            ),
            f"{NORB_TEST}-info.mat.gz": (
                10_428,
                "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2",
            ),
        },
    ),
    "celeba": Source(
        "list_attr_celeba.txt",
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        "non-commercial research",
        26_721_026,
        "f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0",
        more={
            "list_eval_partition.txt": (
                2_836_386,
                "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
            ),
        },
    ),
    "falcor3d": Source(
        "train-rec.labels",
        "https://github.com/NVlabs/High-res-disentanglement-datasets",
        "CC BY 4.0",
    ),
    "isaac3d": Source(
        "labels.npy", "https://github.com/NVlabs/High-res-disentanglement-datasets", "CC BY 4.0"
    ),
    "mnist": Source(
        "train-images-idx3-ubyte.gz",
        f"{GS}/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
        "none stated",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        folder="mnist",
        more={
            "train-labels-idx1-ubyte.gz": (
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            "t10k-images-idx3-ubyte.gz": (
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        },
    ),
    "fashion-mnist": Source(
        "train-images-idx3-ubyte.gz",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz",
        "MIT",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        folder="fashion-mnist",
        more={
            "train-labels-idx1-ubyte.gz": (
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            "t10k-images-idx3-ubyte.gz": (
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        },
    ),
}
