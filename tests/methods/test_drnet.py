"""DrNet: which frames are drawn, losses by hand, what moves whom, and predictions of the future."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import unweave
from unweave.data.images import ImageData
from unweave.maths.frames import drawn, windows
from unweave.methods.base import NotAvailable
from unweave.methods.drnet import DrNet
from unweave.methods.resolve import resolve
from unweave.nets.evaluating import codes_of_clips
from unweave.nets.scene import MOMENTUM
from unweave.training.loop import Training
from unweave.types import Batch, DataInfo

INFO = DataInfo(60, (1, 8, 8))


def method(steps: int = 10, **settings: object) -> DrNet:
    torch.manual_seed(0)
    networks = ("encoder", "pose_encoder", "decoder", "scene_encoder")
    small = {name: "mlp" for name in networks} | {f"{name}.width": 8 for name in networks}
    sizes = {"content": 4, "pose": 3, "past": 3, "future": 2, "width": 8, "last": 0.5}
    found = resolve("drnet", {**small, **sizes, **settings}, INFO).make(INFO, steps=steps)
    assert isinstance(found, DrNet)
    return found


def a_batch(clips: int = 5, frames: int = 6) -> Batch:
    return Batch(torch.rand(clips, frames, 1, 8, 8, generator=torch.Generator().manual_seed(1)))


def numbered(clips: int, frames: int) -> Tensor:
    """Clips (clips, frames, 1, 1, 1) whose frame t of clip i shows 100 i + t."""
    return (100.0 * torch.arange(clips)[:, None] + torch.arange(frames)).view(
        clips, frames, 1, 1, 1
    )


def test_four_different_frames_of_each_clip_at_all_offsets() -> None:
    """Content and decoded pose are never the same frame: the pixels would go by the content alone."""
    torch.manual_seed(0)
    found = drawn(numbered(3000, 6), 4).squeeze().long()  # (4, clips)
    assert torch.equal(found // 100, torch.arange(3000).expand(4, -1)), "frames of another clip"
    offsets = found % 100
    assert all(len(set(of_clip)) == 4 for of_clip in offsets.T.tolist())
    for frame in offsets:
        assert torch.bincount(frame, minlength=6).min() > 400, "3000 / 6 = 500 of each"


def test_windows_are_consecutive_and_begin_anywhere() -> None:
    torch.manual_seed(0)
    found = windows(numbered(400, 6), 4).squeeze().long() % 100  # (clips, 4)
    assert torch.equal(found - found[:, :1], torch.arange(4).expand(400, -1))
    assert set(found[:, 0].tolist()) == {0, 1, 2}


def of_numpy(net: nn.Module, x: np.ndarray) -> np.ndarray:
    """A multilayer perceptron with ReLU or leaky ReLU, or tanh between, on float64 (n, F)."""
    for layer in net:
        if isinstance(layer, nn.Linear):
            weight, bias = (
                layer.weight.detach().double().numpy(),
                layer.bias.detach().double().numpy(),
            )
            x = x @ weight.T + bias
        elif isinstance(layer, nn.LeakyReLU):
            x = np.where(x > 0, x, layer.negative_slope * x)
        elif isinstance(layer, nn.ReLU):
            x = np.maximum(x, 0)
        elif isinstance(layer, nn.Tanh):
            x = np.tanh(x)
    return x


def coded(bounded: nn.Module, frames: np.ndarray) -> np.ndarray:
    """Codes (n, D) of frames (n, F): columns of mean 0 and variance 1 over all n, then tanh."""
    raw = of_numpy(bounded.encoder, frames)
    return np.tanh((raw - raw.mean(0)) / np.sqrt(raw.var(0) + 1e-10))


def test_the_losses_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    made = method(alpha=0.7, beta=0.3, features=6)
    with torch.no_grad():
        made.scene.bias.fill_(0.25)
    batch = a_batch()
    monkeypatch.setattr(
        "unweave.methods.drnet.drawn", lambda x, count: x[:, [0, 1, 2, 3]].transpose(0, 1)
    )
    x = batch.x.double().numpy().reshape(5, 6, 64)
    contents = coded(made.encoder, np.concatenate([x[:, 0], x[:, 1]]))
    poses = coded(made.pose_encoder, np.concatenate([x[:, 2], x[:, 3]]))
    pose, second = np.split(poses, 2)
    content, again = np.split(contents, 2)
    both = np.concatenate([pose, second])
    mean = MOMENTUM * both.mean(0)  # of poses, after the first step
    covariance = (1 - MOMENTUM) * np.eye(3) + MOMENTUM * np.cov(both.T, bias=True)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (both - mean).T).T
    first_features, features = np.split(of_numpy(made.scene.encoder, white), 2)  # (5, 6) each
    logits = [[a @ b / np.sqrt(6) + 0.25 for b in features] for a in first_features]
    scene = 1 / (1 + np.exp(-np.array(logits)))  # (5, 5): of pose i and the second pose of clip j
    same = np.diag(scene)
    other = scene[~np.eye(5, dtype=bool)]
    image = of_numpy(made.decoder, np.concatenate([content, pose], 1))
    error = ((image - x[:, 2]) ** 2).mean()
    similarity = ((content - again) ** 2).mean()
    unsure = -0.5 * np.log(same).mean() - 0.5 * np.log(1 - same).mean()
    first, then = made.losses(batch, 0)
    assert first.of["scene"].item() == pytest.approx(
        -np.log(same).mean() - np.log(1 - other).mean(), rel=1e-5
    )
    right = ((same > 0.5).mean() + (other < 0.5).mean()) / 2
    assert first.terms["accuracy"].item() == pytest.approx(right)
    assert then.of["model"].item() == pytest.approx(
        error + 0.7 * similarity + 0.3 * unsure, rel=1e-5
    )
    assert then.terms["unsure"].item() == pytest.approx(unsure - np.log(2), abs=1e-6)
    expected = similarity / (2 * content.var(0, ddof=1).mean())
    assert then.terms["similarity of others"].item() == pytest.approx(expected, rel=1e-4)
    assert then.terms["spread of content"].item() == pytest.approx(
        np.median(content.std(0, ddof=1)), rel=0.2
    )


def parts(made: DrNet) -> dict[str, list[nn.Parameter]]:
    names = ("encoder", "pose_encoder", "decoder", "scene", "predictor")
    return {name: list(getattr(made, name).parameters()) for name in names}


def moved(made: DrNet, step: int) -> set[str]:
    """The parts whose weights a step of training changes."""
    before = {name: [w.detach().clone() for w in own] for name, own in parts(made).items()}
    training = Training(made, lambda step: a_batch())
    training.step = step
    training.advance()
    after = parts(made)
    return {name for name, own in before.items() if not all(map(torch.equal, own, after[name]))}


def test_the_predictor_is_trained_last_and_alone() -> None:
    everything_else = {"encoder", "pose_encoder", "decoder", "scene"}
    assert moved(method(), 0) == everything_else
    assert moved(method(), 4) == everything_else
    made = method()
    statistics = made.pose_encoder.norm.running_mean.clone()
    assert moved(made, 5) == {"predictor"}
    assert torch.equal(made.pose_encoder.norm.running_mean, statistics), (
        "the encoders are fixed, statistics too"
    )
    assert moved(method(steps=4, last=0.2), 3) == {"predictor"}


def test_the_discriminator_teaches_the_decoded_pose_alone() -> None:
    """Of its loss for the encoders, no gradient reaches the other pose, the content or the decoder."""
    made = method(alpha=0.0)
    frames = drawn(a_batch().x, 4)
    pose = torch.randn(5, 3, requires_grad=True)
    second = torch.randn(5, 3, requires_grad=True)
    without = made._modelled(frames[0], frames[1], frames[2], pose, second).of["model"]
    made.beta = 0.0
    error = made._modelled(frames[0], frames[1], frames[2], pose, second).of["model"]
    (to_pose,) = torch.autograd.grad(without - error, pose, retain_graph=True)
    assert to_pose.abs().sum() > 0
    made = method()
    seen: list[Tensor] = []
    made.pose_encoder.register_forward_hook(
        lambda net, x, codes: seen.append(codes.requires_grad_())
    )
    turns = made.losses(a_batch(), 0)
    first = next(turns)
    assert torch.autograd.grad(
        first.of["scene"], seen[0], allow_unused=True, retain_graph=True
    ) == (None,)
    (to_poses,) = torch.autograd.grad(next(turns).of["model"], seen[0])  # (2 B, pose)
    assert to_poses[:5].abs().sum() > 0
    assert to_poses[5:].abs().sum() == 0


@pytest.mark.parametrize("sure", [True, False])
def test_a_discriminator_at_one_half_teaches_nothing(sure: bool) -> None:
    made = method(alpha=0.0, beta=1.0)
    last = made.scene.encoder[-1]
    with torch.no_grad():
        for w in made.decoder.parameters():
            w.zero_()  # no error depends on the pose
        last.bias.zero_()
        if not sure:
            last.weight.zero_()
    _, then = made.losses(a_batch(), 0)
    gradients = torch.autograd.grad(then.of["model"], list(made.pose_encoder.parameters()))
    assert bool(sum(g.abs().sum() for g in gradients) > 0) == sure
    if not sure:
        assert then.terms["unsure"].item() == pytest.approx(0, abs=1e-6)


def test_only_the_first_content_is_pulled_to_the_other() -> None:
    made = method(beta=0.0)
    seen: list[Tensor] = []
    made.encoder.register_forward_hook(lambda net, x, codes: seen.append(codes))
    with torch.no_grad():
        for w in made.decoder.parameters():
            w.zero_()
    _, then = made.losses(a_batch(), 0)
    (gradient,) = torch.autograd.grad(then.of["model"], seen[0])
    assert gradient[:5].abs().sum() > 0
    assert gradient[5:].abs().sum() == 0


def test_content_cannot_shrink() -> None:
    """An encoder scaled down gives the same codes, so that similarity has no such way out."""
    made = method()
    x = a_batch(40, 1).x[:, 0]
    before = made.encoder(x)
    with torch.no_grad():
        for w in made.encoder.encoder[-1].parameters():
            w.mul_(0.01)
    assert torch.allclose(made.encoder(x), before, atol=0.001)
    assert before.std(0).median() > 0.5
    assert list(made.encoder.norm.parameters()) == []


def test_predictions_do_not_depend_on_the_true_future() -> None:
    made = method().eval()
    clips = a_batch(2, 7).x
    changed = clips.clone()
    changed[:, 3:] = 0
    known = codes_of_clips(made.pose_encoder, clips)
    content = codes_of_clips(made.encoder, clips[:, 2:3])[:, 0]
    with torch.no_grad():
        free = made.predictor(known[:, :3], content, more=4)  # poses 2 to 7
        taught = made.predictor(known[:, :-1], content)
    assert free.shape == taught.shape == (2, 6, 3)
    assert torch.equal(free[:, :3], taught[:, :3]), "up to the fourth pose both see true ones"
    assert not torch.allclose(free[:, 3:], taught[:, 3:])
    assert torch.equal(made.predict(clips[:, :3], 4), made.predict(changed[:, :3], 4))
    assert made.predict(clips[:, :3], 4).shape == (2, 4, 1, 8, 8)


def test_a_prediction_is_made_of_earlier_frames_alone_and_of_the_last_content() -> None:
    made = method().eval()
    clips = a_batch(2, 5).x
    known = codes_of_clips(made.pose_encoder, clips)
    content = torch.zeros(2, 4)
    with torch.no_grad():
        before = made.predictor(known, content)
        known[:, 2] += 1
        after = made.predictor(known, content)
    same = [torch.equal(before[:, t], after[:, t]) for t in range(5)]  # of poses 2 to 6
    assert same == [True, True, False, False, False]
    contents = [
        made.predict(clips[:, :3], 1),
        made.predict(torch.cat([clips[:, 4:], clips[:, 1:3]], 1), 1),
    ]
    z = made.encode(clips[:, 2]).mean
    pose = made.predictor(codes_of_clips(made.pose_encoder, clips[:, :3]), z[:, :4])[:, -1]
    assert torch.allclose(contents[0][:, 0], made.decode(torch.cat([z[:, :4], pose], 1)), atol=1e-6)


def test_the_loss_of_the_predictor_is_over_observed_frames_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = method()
    batch = a_batch(4, 5)
    seen: dict[str, Tensor] = {}

    def known(poses: Tensor, content: Tensor) -> Tensor:
        seen.update(poses=poses, content=content)
        return poses * made.predictor.out.bias.sum()

    monkeypatch.setattr(made.predictor, "forward", known)
    (turn,) = made.losses(batch, 9)
    true = codes_of_clips(made.pose_encoder, batch.x)
    expected = (true[:, :-1] * made.predictor.out.bias.sum() - true[:, 1:]).square().mean()
    assert turn.of["predictor"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.equal(seen["content"], codes_of_clips(made.encoder, batch.x[:, 2:3])[:, 0]), (
        "of the last observed frame"
    )
    assert not seen["content"].requires_grad


def test_without_beta_the_discriminator_watches_alone() -> None:
    made = method(beta=0.0)
    first, then = made.losses(a_batch(), 0)
    assert "scene" in first.of
    assert "unsure" not in then.terms
    gradients = torch.autograd.grad(
        then.of["model"], list(made.scene.parameters()), allow_unused=True
    )
    assert set(gradients) == {None}


@pytest.mark.parametrize(
    ("settings", "batch", "message"),
    [
        ({}, a_batch(4, 4), "clips have 4 frames; .* choose --clip-length 5 .* or --last 0"),
        ({"last": 0.0}, a_batch(4, 3), "clips have 3 frames; drnet draws 4 different ones"),
        ({}, a_batch(1, 6), "the batch has 1 clip of 6 frames"),
    ],
)
def test_batches_that_it_cannot_use_are_refused(
    settings: dict[str, object], batch: Batch, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        method(**settings).check(batch)


def test_clips_that_are_too_short_are_refused_before_there_is_a_folder(tmp_path: Path) -> None:
    data = ImageData(np.zeros((40, 1, 8, 8), np.uint8), groups=np.repeat(np.arange(8), 5))
    with pytest.raises(ValueError, match="clips have 5 frames; the predictor trains on"):
        unweave.train("drnet", data, steps=1, out=tmp_path, batch_options={"clip_length": 5})
    assert not list(tmp_path.iterdir())


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="last is 1: the encoders need a share of the run"):
        method(last=1.0)
    with pytest.raises(NotAvailable, match="its setting last is 0"):
        method(last=0.0).predict(a_batch().x, 2)


def test_the_discriminator_has_its_turns_on_frames_drawn_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts: list[int] = []

    def noted(x: Tensor, count: int) -> Tensor:
        counts.append(count)
        return drawn(x, count)

    monkeypatch.setattr("unweave.methods.drnet.drawn", noted)
    turns = list(method(scene_turns=3).losses(a_batch(), 0))
    assert [set(turn.of) for turn in turns] == [{"scene"}, {"scene"}, {"scene"}, {"model"}]
    assert counts == [2, 2, 4]
    assert turns[0].of["scene"] != turns[1].of["scene"]
