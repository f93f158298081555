"""Names become objects: parts, settings, facts; a stranger's class beside the package; and what is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import nn

from unweave.methods import METHODS
from unweave.methods.base import Method, Part
from unweave.methods.regularisers.beta import Beta
from unweave.methods.resolve import resolve
from unweave.nets.likelihood import Bernoulli, Gaussian
from unweave.runs.config import MethodConfig
from unweave.settings import schema
from unweave.types import DataInfo

IMAGES = DataInfo(n=1000, shape=(1, 16, 16))
VECTORS = DataInfo(n=1000, shape=(6,))
SMALL: dict[str, Any] = {
    "encoder": "mlp",
    "decoder": "mlp",
    "encoder.width": 8,
    "decoder.width": 8,
    "encoder.depth": 1,
}


def made(method: str, given: dict[str, Any], info: DataInfo = IMAGES, seed: int = 0) -> Any:
    return resolve(method, given, info).make(info, seed=seed)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_built_by_its_name_and_its_choice_is_plain(name: str) -> None:
    """What is chosen goes through JSON and makes the same weights again."""
    info = DataInfo(500, (1, 32, 32), 3, ("shape", "size"), (3, 5))
    choice = resolve(name, {}, info)
    plain = json.loads(json.dumps(dataclasses.asdict(MethodConfig.of(choice))))
    again = schema.read(MethodConfig, plain, "config").resolved(info)
    a = choice.make(info).state_dict()
    b = again.make(info).state_dict()
    assert a.keys() == b.keys()
    assert all(torch.equal(v, b[k]) for k, v in a.items())


def test_settings_of_parts_by_short_dotted_and_underscored_name() -> None:
    assert made("beta-vae", SMALL | {"beta": 6}).regulariser.beta == 6.0
    assert made("beta-vae", SMALL | {"regulariser.beta": 6}).regulariser.beta == 6.0
    assert made("beta-vae", SMALL | {"regulariser__beta": 6}).regulariser.beta == 6.0
    assert made("vae", SMALL).regulariser.beta == 1.0, "the registry's default, not the class's"


def test_wiring_and_facts_reach_the_parts() -> None:
    method = made("factor-vae", SMALL | {"latents": 3, "regulariser.critic.width": 4})
    assert method.encoder(torch.zeros(2, 1, 16, 16)).shape == (2, 6)
    assert method.decoder(torch.zeros(2, 3)).shape == (2, 1, 16, 16)
    assert method.regulariser.critic[0].in_features == 3
    assert made("beta-tcvae", SMALL).regulariser.n == 1000


def test_the_parts_fit_the_data() -> None:
    assert isinstance(made("vae", SMALL).likelihood, Bernoulli)
    assert isinstance(
        made("vae", {"encoder.width": 8, "decoder.width": 8}, VECTORS).likelihood, Gaussian
    )
    assert resolve("vae", {}, IMAGES).part_names()["encoder"] == "conv64"


def test_another_part_brings_its_own_settings() -> None:
    choice = resolve("beta-vae", SMALL | {"regulariser": "density-ratio", "gamma": 20.0}, IMAGES)
    assert choice.part_names()["regulariser.critic"] == "mlp"
    assert choice.flat()["regulariser.gamma"] == 20.0
    assert "regulariser.beta" not in choice.flat()


def test_the_seed_draws_the_weights_and_leaves_the_callers_state_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    a, b, c = made("vae", SMALL), made("vae", SMALL), made("vae", SMALL, seed=1)
    assert torch.equal(torch.rand(1), expected)
    first = [next(m.parameters()) for m in (a, b, c)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])


def test_a_module_is_handed_in() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(256, 20))
    choice = resolve(
        "vae", {k: v for k, v in SMALL.items() if "encoder" not in k} | {"encoder": encoder}, IMAGES
    )
    assert choice.make(IMAGES).encoder is encoder
    assert choice.part_names()["encoder"] == "torch.nn.modules.container:Sequential"
    assert choice.modules() == {"encoder": encoder}
    saved = MethodConfig.of(choice)
    gone = dataclasses.replace(saved, parts=saved.parts | {"encoder": "no_such_file:Net"})
    again = gone.resolved(IMAGES, {"encoder": encoder})
    assert again.make(IMAGES).encoder is encoder, "its class is not looked up by name"


def test_a_class_is_handed_in() -> None:
    choice = resolve("vae", SMALL | {"regulariser": Beta}, IMAGES)
    assert choice.part_names()["regulariser"] == "unweave.methods.regularisers.beta:Beta"


STRANGER = '''
"""A method in a file of one's own."""
from typing import Annotated
from torch import nn
from unweave.methods.base import Method, Part
from unweave.settings import Setting
from unweave.types import DataInfo

class Mine(Method):
    def __init__(self, shape: tuple[int, ...], encoder: nn.Module, *, codes: Annotated[int, Setting("columns", low=1)] = 2):
        super().__init__()
        self.shape, self.encoder = shape, encoder

    @classmethod
    def part_arguments(cls, known):
        return {"encoder": {"outputs": known["codes"]}}

class TwoEncoders(Method):
    def __init__(self, content_encoder: nn.Module, class_encoder: nn.Module, *, wide: Annotated[int, Setting("w")] = 3):
        super().__init__()
        self.content_encoder, self.class_encoder = content_encoder, class_encoder

    @classmethod
    def part_arguments(cls, known):
        return {"content_encoder": {"outputs": known["wide"]}, "class_encoder": {"outputs": 2}}

class Unwired(Method):
    def __init__(self, encoder: nn.Module):
        super().__init__()

class Misspelt(Method):
    def __init__(self, encoder: nn.Module, *, codes: Annotated[int, Setting("columns", low=1)] = 2):
        super().__init__()

    @classmethod
    def part_arguments(cls, known):
        return {"encoder": {"outputs": known["code"]}}

class Forgetful(Method):
    def __init__(self, speed: float):
        super().__init__()
'''


def test_a_strangers_class_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strange_file.py").write_text(STRANGER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    mine = made("strange_file:Mine", {"encoder": "mlp", "encoder.width": 8, "codes": 5})
    assert mine.shape == (1, 16, 16)
    assert mine.encoder(torch.zeros(1, 1, 16, 16)).shape == (1, 5)
    with pytest.raises(
        ValueError,
        match=r"MLPEncoder, the encoder of Unwired, takes 'outputs', which part_arguments there does not give",
    ):
        made("strange_file:Unwired", {"encoder": "mlp"})
    with pytest.raises(
        ValueError,
        match=r"Misspelt reads 'code', which is no setting and no fact; did you mean 'codes'",
    ):
        made("strange_file:Misspelt", {"encoder": "mlp"})
    with pytest.raises(ValueError, match=r"has no 'Mien'; did you mean 'Mine'\?"):
        made("strange_file:Mien", {})
    with pytest.raises(
        ValueError, match=r"Forgetful takes 'speed', which is not given: annotate it with Setting"
    ):
        made("strange_file:Forgetful", {})
    with pytest.raises(ValueError, match=r"there is no module 'no_such_file'"):
        made("no_such_file:Mine", {})


def test_a_keyword_that_ends_in_a_kind_of_part_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strange_two.py").write_text(STRANGER)
    monkeypatch.syspath_prepend(tmp_path)
    given = {
        "content_encoder": "mlp",
        "class_encoder": "burgess",
        "content_encoder.width": 8,
        "class_encoder.channels": 6,
    }
    spec = resolve("strange_two:TwoEncoders", given | {"wide": 5}, IMAGES)
    assert spec.part_names() == {"content_encoder": "mlp", "class_encoder": "burgess"}
    assert spec.flat()["content_encoder.width"] == 8
    method = spec.make(IMAGES)
    assert method.content_encoder(torch.zeros(1, 1, 16, 16)).shape == (1, 5)
    assert method.class_encoder(torch.zeros(1, 1, 16, 16)).shape == (1, 2)
    with pytest.raises(
        ValueError, match=r"'width' could be content_encoder.width or class_encoder.width"
    ):
        resolve(
            "strange_two:TwoEncoders",
            {"content_encoder": "mlp", "class_encoder": "mlp", "width": 8},
            IMAGES,
        )


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("beta-vea", {}, "there is no method 'beta-vea'; did you mean 'beta-vae'?"),
        ("beta-vae", {"bata": 1.0}, "there is no setting 'bata' here; did you mean 'beta'?"),
        ("beta-vae", {"encoder": "mpl"}, "there is no encoder 'mpl'; did you mean 'mlp'?"),
        ("beta-vae", {"encoder": "none"}, "VAE cannot do without its encoder"),
        ("beta-vae", {"n": 7}, "there is no setting 'n' here"),
        ("beta-vae", {"shape": (3,)}, "there is no setting 'shape' here"),
        (
            "beta-vae",
            SMALL | {"width": 7},
            "'width' could be encoder.width or decoder.width: give the whole name",
        ),
        ("beta-vae", {"beta": -1.0}, "beta is -1.0; it has to be at least 0"),
        ("beta-vae", {"latents": 2.5}, "latents is 2.5; expected int"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(
    method: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        resolve(method, given, IMAGES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_that_was_spoiled_by_hand_is_refused() -> None:
    choice = resolve("beta-vae", SMALL, IMAGES)
    config = MethodConfig.of(choice)
    spoiled = dataclasses.replace(config, settings=config.settings | {"regulariser.beta": -3.0})
    with pytest.raises(ValueError, match=r"regulariser\.beta is -3"):
        spoiled.resolved(IMAGES)
    garbled = dataclasses.replace(config, settings=config.settings | {"rdgulariser.beta": 16.0})
    with pytest.raises(
        ValueError, match=r"no setting 'rdgulariser.beta' here; did you mean 'regulariser.beta'"
    ):
        garbled.resolved(IMAGES)


class Unannotated(Method):
    """A method with a keyword that has a default, and no `Setting`."""

    def __init__(self, encoder: nn.Module, gain=2.0):  # type: ignore[no-untyped-def]  # as strangers write
        super().__init__()

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"encoder": {"outputs": 2}}


class Given(Unannotated):
    def __init__(
        self, encoder: nn.Module, n: int = 5, classes: int = 3, activation: Any = None
    ) -> None:
        super().__init__(encoder)
        self.n = n


class Shrunk(nn.Module):
    def __init__(self, outputs: int = 7, wide: bool = False) -> None:
        super().__init__()
        self.outputs = outputs


class Whole(nn.Module):
    def __init__(self, outputs: int = 7) -> None:
        super().__init__()
        self.outputs = outputs


def test_a_plain_keyword_with_a_default_and_no_setting_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match="Unannotated takes 'gain', which nothing could change: annotate it with Setting",
    ):
        resolve(Unannotated, {"encoder": Whole}, IMAGES).make(IMAGES)
    with pytest.raises(
        ValueError, match=r"Shrunk, the encoder of Given, takes 'wide', .*annotate it with Setting"
    ):
        resolve(Given, {"encoder": Shrunk}, IMAGES).make(IMAGES)


def test_facts_and_what_the_owner_gives_may_have_a_default() -> None:
    made = resolve(Given, {"encoder": Whole}, IMAGES).make(IMAGES)
    assert made.n == IMAGES.n
    assert next(made.children(), None) is None


class Encodr(Method):
    def __init__(self, encodr: nn.Module):
        super().__init__()


class Regularizer(Method):
    def __init__(self, class_regularizer: Part | None = None):
        super().__init__()


class Eyes(Method):
    def __init__(self, eyes: nn.Module):
        super().__init__()


class Bare(Method):
    def __init__(self, regularizer):
        super().__init__()


class Clases(Method):
    def __init__(self, clases: int):
        super().__init__()


class Mode(Method):
    def __init__(self, mode: Literal["a", "b"] = "a"):
        super().__init__()


class Limit(Method):
    def __init__(self, limit: float | None = None):
        super().__init__()


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (
            Encodr,
            "Encodr takes 'encodr', a module whose name ends in no kind of part; did you mean 'encoder'?",
        ),
        (Regularizer, "'class_regularizer', a module .* did you mean 'regulariser'?"),
        (Eyes, "'eyes', a module .*; there are: critic, decoder, divergence, encoder, likelihood"),
        (Bare, "'regularizer', which is not given: .*; or did you mean 'regulariser', which is"),
        (
            Clases,
            "'clases', which is not given: .*; or did you mean 'classes', which is filled in?",
        ),
        (Mode, "Mode takes 'mode', which nothing could change: annotate it with Setting"),
        (Limit, "Limit takes 'limit', which nothing could change: annotate it with Setting"),
    ],
)
def test_a_keyword_that_nothing_fills_in_is_named_with_what_it_may_have_been(
    method: type[Method], words: str
) -> None:
    with pytest.raises(ValueError, match=words.replace("?", "[?]")) as error:
        resolve(method, {}, IMAGES).make(IMAGES)
    assert "\n" not in str(error.value)


class Nest(Part):
    """A regulariser, or a supervision, with an encoder and a critic of its own."""

    def __init__(self, encoder: nn.Module, critic: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.critic = critic

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"encoder": {"outputs": 2}, "critic": {"inputs": 2, "outputs": 1}}


class Loose(Part):
    """A regulariser, or a supervision, that may have a critic."""

    def __init__(self, critic: nn.Module | None = None) -> None:
        super().__init__()
        self.critic = critic


class Critical(nn.Module):
    """A critic around another one."""

    def __init__(self, inputs: int, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic


class Wrapped(nn.Module):
    """An encoder around another one."""

    def __init__(self, outputs: int, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder


def test_a_short_name_of_a_part_is_the_methods_own_before_that_of_an_inner_one() -> None:
    parts = resolve("vae", {"encoder": "mlp", "regulariser": Nest}, IMAGES).part_names()
    assert parts["encoder"] == "mlp"
    assert parts["regulariser.encoder"] == "conv64", "the default"
    inner = {"regulariser.encoder": "mlp", "regulariser": Nest}
    parts = resolve("vae", inner, IMAGES).part_names()
    assert (parts["encoder"], parts["regulariser.encoder"]) == ("conv64", "mlp")


def test_a_part_may_have_a_part_of_its_own_kind() -> None:
    given = {"regulariser": Nest, "encoder": Wrapped, "encoder.encoder": "burgess"}
    parts = resolve("vae", given, IMAGES).part_names()
    assert parts["encoder"].endswith(":Wrapped")
    assert parts["encoder.encoder"] == "burgess"
    with pytest.raises(
        ValueError, match=r"'critic' could be regulariser.critic or .*.critic.critic"
    ):
        resolve("vae", {"regulariser": Nest, "critic": Critical}, IMAGES)


def test_the_last_words_of_a_part_are_enough_where_one_place_ends_in_them() -> None:
    given = {"regulariser": Nest, "regulariser.encoder": Wrapped}
    for key in ("regulariser.encoder.encoder", "encoder.encoder"):
        parts = resolve("vae", given | {key: "burgess"}, IMAGES).part_names()
        assert parts["regulariser.encoder.encoder"] == "burgess"


@pytest.mark.parametrize(
    ("part", "value"), [(Nest, "mlp"), (Loose, "mlp"), (Loose, "none"), (Loose, None)]
)
def test_an_ambiguous_part_is_refused(part: type[Part], value: str | None) -> None:
    given = {"regulariser": part, "supervision": part, "critic": value}
    expected = "'critic' could be regulariser.critic or supervision.critic: give the whole name"
    with pytest.raises(ValueError, match=expected):
        resolve("vae", given, IMAGES)


def test_a_key_that_is_given_twice_is_refused() -> None:
    for given in ({"beta": 2.0, "regulariser.beta": 3.0}, {"regulariser__beta": 2.0, "beta": 2.0}):
        with pytest.raises(ValueError, match=r"regulariser\.beta is given twice"):
            resolve("beta-vae", given, IMAGES)
    given = {"critic": "mlp", "regulariser.critic": "mlp"}
    with pytest.raises(ValueError, match=r"regulariser\.critic is given twice"):
        resolve("factor-vae", given, IMAGES)
    with pytest.raises(ValueError, match=r"regulariser\.beta is given twice"):
        resolve("beta-vae", {"regulariser__beta": 2.0, "regulariser.beta": 3.0}, IMAGES)
