"""Every named method trains on any set of images with factors, with nothing said but its name; every part is listed."""

import numpy as np
import pytest
import torch

from unweave.blocks import as_blocks
from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.sampling.batches import stream
from unweave.methods import METHODS, PARTS
from unweave.methods.base import Method, NotAvailable, Part
from unweave.methods.resolve import resolve
from unweave.settings import keywords
from unweave.settings.locate import locate
from unweave.training.loop import Training

SURVEY = {
    "ae",
    "vae",
    "beta-vae",
    "constrained-vae",
    "annealed-vae",
    "beta-tcvae",
    "factor-vae",
    "dip-vae-1",
    "dip-vae-2",
}
SURVEY |= {"info-vae", "aae", "hfs-vae", "ml-vae", "gvae", "ada-ml-vae", "ada-gvae", "infogan"}
SURVEY |= {"s2-beta-vae", "s2-factor-vae", "s2-dip-vae", "s2-beta-tcvae"}


def bars():
    """A bright row, a bright column and a brightness, which is the class."""
    space = FactorSpace(("row", "column", "light"), (8, 8, 3))
    images = np.zeros((192, 1, 8, 8), dtype=np.uint8)
    for image, (row, column, light) in zip(images, space.factors_at(np.arange(192)), strict=True):
        image[0, row] = image[0, :, column] = 80 * (light + 1)
    return with_classes(FactorImages(space, images, binary=False), "light")


DATA = bars()


def made(name, **settings):
    info = DATA.info
    tiny = {}
    for part in {"encoder", "decoder"} & set(resolve(name, {}, info).part_names()):
        tiny |= {part: "mlp", f"{part}.width": 8}
    entry, prefix = METHODS[name], ""
    if "density-ratio" in entry.parts.values():
        prefix = "regulariser.critic."
    if "adversarial" in entry.parts.values():
        prefix = "regulariser.divergence.critic."
    critic = {prefix + "width": 8, prefix + "depth": 1} if prefix else {}
    return resolve(name, tiny | critic | settings, info).make(info)


def test_the_names_of_the_survey_are_there():
    assert set(METHODS) >= SURVEY


@pytest.mark.parametrize("name", METHODS)
def test_trains_by_name_alone(name):
    method = made(name)
    batches = stream(DATA, method.needs, batch_size=16)
    for terms in Training(method, batches).until(3):
        assert all(value.isfinite() for value in terms.values())


@pytest.mark.parametrize("name", METHODS)
def test_codes_columns_and_images_agree(name):
    method = made(name).eval()
    x = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        try:
            codes = method.encode(x).mean
            image = method.decode(codes)
            prior = method.sample_prior(3)
        except NotAvailable:
            assert name in ("ae", "cv-mim", "drnet", "f-statistic", "vae-gan")
            return
    assert image.shape == x.shape
    assert torch.equal(image, method.decode(codes))
    assert codes.shape == prior.shape
    assert method.decode(prior).shape == x.shape
    covered = [
        k for block in as_blocks(method.blocks).values() for k in block.places(codes.shape[1])
    ]
    assert sorted(covered) == list(range(codes.shape[1]))


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, table in PARTS.items() for name in table]
)
def test_every_part_is_where_its_table_says_and_says_what_its_settings_are(kind, name):
    made_of = locate(PARTS[kind][name].where)
    assert PARTS[kind][name].about
    if kind in ("regulariser", "divergence", "pooling", "supervision"):
        assert issubclass(made_of, Part)
    for word in keywords(made_of).values():
        assert word.setting is None or word.setting.about
        assert word.setting is None or word.check(word.default) == word.default


@pytest.mark.parametrize("name", METHODS)
def test_every_default_of_a_name_is_a_setting_of_it(name):
    choice = resolve(name, {}, DATA.info)
    assert issubclass(locate(METHODS[name].where), Method)
    assert METHODS[name].defaults.keys() <= choice.flat().keys()
    assert METHODS[name].parts.items() <= choice.part_names().items()


def test_any_composition_from_flat_names():
    """unweave train vae --regulariser density-ratio --regulariser.gamma 35 --pooling adaptive --supervision xent ..."""
    given = {"regulariser": "density-ratio", "regulariser.gamma": 35, "pooling": "adaptive"}
    given |= {
        "supervision": "xent",
        "supervision.weight": 4,
        "regulariser.critic.width": 8,
        "encoder": "mlp",
        "decoder": "mlp",
    }
    info = DATA.info
    method = resolve("vae", given, info).make(info)
    assert method.needs == {"pairs", "labels"}
    assert (method.regulariser.gamma, method.supervision.weight) == (35, 4)
    terms = Training(method, stream(DATA, method.needs, batch_size=16)).advance()
    assert {"reconstruction", "kl", "total correlation", "supervised"} <= terms.keys()
