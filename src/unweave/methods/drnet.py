"""DrNet (Denton and Birodkar, 2017): content and pose of clips, by an adversary that compares poses.

Of each clip four frames are drawn: c, c', p and p'. With content h(x), pose g(x), decoder D and a
scene discriminator C, which is to say whether two poses are of one clip:

    C:  -log C(g(p), g(p')) - log(1 - C(g(p), g(p' of another clip)))
    model:  |D(h(c), g(p)) - p|^2 + alpha * |h(c) - sg h(c')|^2
            - beta / 2 * (log C(g(p), sg g(p')) + log(1 - C(g(p), sg g(p'))))

sg is stop-gradient; squares are means over pixels or columns. C moves first, then the model against
its new weights. C is least sure at 1/2, where the last line is beta * log 2 and its gradient 0.

The last share of a run trains a predictor with the encoders fixed: linear, two LSTM cells, linear,
tanh, from a pose and the content of the last observed frame to the pose of the next frame.

**Departures**: C compares features of each pose (`nets.scene`) with those of every other clip of
the batch; a network of both poses side by side, as in the paper, was blind to what leaks in a way
that depends on the position: .52 right where this one is .76. The batch normalisation before the
tanh of both codes has no learned scale; the encoders are in evaluation mode while the predictor is
trained; the authors halve C's loss. There are no skips from the content encoder to the decoder.
The decoder has no sigmoid at its end, which stays at black where most pixels are: its output is cut
to 0 to 1 after training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.maths.frames import drawn, windows
from unweave.methods.base import Method, NotAvailable, Player
from unweave.nets.bounded import Bounded
from unweave.nets.discriminator import towards
from unweave.nets.evaluating import codes_of_clips
from unweave.nets.predictor import Predictor
from unweave.nets.scene import SceneDiscriminator, same_and_others, scene_loss
from unweave.settings import Setting, as_option
from unweave.types import NATS, Batch, Losses, Posterior

DRAWN = 4  # frames of a clip
UNITS = {
    "error": "squared difference of pixels",
    "similarity": "squared difference of codes",
    "similarity of others": "share of that of other clips",
    "spread of content": "deviation over clips, median of columns",
    "unsure": NATS,
    "scene": NATS,
    "accuracy": "share",
    "prediction error": "squared difference of poses",
}


class DrNet(Method):
    """A code is [content, pose]; players "scene" and "model", then "predictor".

    encoder: images (B, C, H, W) to content (B, content). pose_encoder: to pose (B, pose). decoder:
    (content, pose) to pixels. scene_encoder: poses to the features that C compares.
    steps: filled in.
    """

    loss_unit: Mapping[str, str] = {"model": UNITS["error"], "predictor": UNITS["prediction error"]}

    def __init__(
        self,
        encoder: nn.Module,
        pose_encoder: nn.Module,
        decoder: nn.Module,
        scene_encoder: nn.Module,
        *,
        steps: int,
        content: Annotated[
            int, Setting("columns of the content", low=1, search=(16, 64, 128))
        ] = 64,
        pose: Annotated[int, Setting("columns of the pose", low=1, search=(2, 5, 10, 16))] = 5,
        features: Annotated[int, Setting("features of the scene discriminator", low=1)] = 128,
        alpha: Annotated[
            float, Setting("squared error of pixels per unit of the content's", low=0)
        ] = 1.0,
        beta: Annotated[
            float,
            Setting(
                "squared error of pixels per nat of the discriminator",
                low=0,
                search=("log", 1e-4, 1),
            ),
        ] = 0.1,
        last: Annotated[
            float, Setting("share of the run that trains the predictor; 0 for none", low=0)
        ] = 0.2,
        past: Annotated[int, Setting("frames that the predictor observes", low=1)] = 4,
        future: Annotated[int, Setting("frames after these on which it is trained", low=1)] = 4,
        width: Annotated[int, Setting("units of each LSTM cell", low=1, search=(64, 256))] = 256,
        lr: Annotated[
            float, Setting("learning rate of the model", above=0, search=("log", 1e-4, 1e-2))
        ] = 2e-3,
        scene_lr: Annotated[
            float, Setting("learning rate of the scene discriminator", above=0)
        ] = 2e-3,
        scene_turns: Annotated[
            int, Setting("turns of the scene discriminator before each of the model", low=1)
        ] = 1,
        predictor_lr: Annotated[float, Setting("learning rate of the predictor", above=0)] = 1e-3,
    ):
        super().__init__()
        if last >= 1:
            raise ValueError(
                f"last is {last:g}: the encoders need a share of the run, so choose less than 1"
            )
        self.encoder = Bounded(encoder, content)
        self.pose_encoder = Bounded(pose_encoder, pose)
        self.decoder = decoder
        self.scene = SceneDiscriminator(scene_encoder, pose)
        self.predictor = Predictor(pose, content, width) if last else None
        self.boundary = max(1, steps - round(last * steps))
        self.content = content
        self.pose = pose
        self.alpha = alpha
        self.beta = beta
        self.past = past
        self.future = future
        self.lr = lr
        self.scene_lr = scene_lr
        self.scene_turns = scene_turns
        self.predictor_lr = predictor_lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {
            "encoder": {"outputs": known["content"]},
            "pose_encoder": {"outputs": known["pose"]},
            "decoder": {"inputs": known["content"] + known["pose"]},
            "scene_encoder": {"shape": (known["pose"],), "outputs": known["features"]},
        }

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"clips"})

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return {
            "content": Block(slice(0, self.content), kind="point"),
            "pose": Block(slice(self.content, self.content + self.pose), kind="point"),
        }

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=(0.5, 0.999))
        found = {
            "scene": Player(self.scene, self.scene_lr, adam),
            "model": Player((self.encoder, self.pose_encoder, self.decoder), self.lr, adam),
        }
        if self.predictor is not None:
            found["predictor"] = Player(self.predictor, self.predictor_lr)
        return found

    def check(self, batch: Batch) -> None:
        clips, frames = batch.x.shape[:2]
        if frames < DRAWN:
            raise ValueError(
                f"clips have {frames} frames; drnet draws {DRAWN} different ones: "
                f"choose {as_option('clip_length', DRAWN)}"
            )
        trained = self.past + self.future
        if self.predictor is not None and frames < trained:
            raise ValueError(
                f"clips have {frames} frames; the predictor trains on past + future = "
                f"{self.past} + {self.future}: "
                f"choose {as_option('clip_length', trained)} or more, "
                f"or {as_option('last', 0)} for no predictor"
            )
        if clips < 2:
            raise ValueError(
                f"the batch has {clips} clip of {frames} frames; "
                "its poses need another one beside them"
            )

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        if step >= self.boundary:
            yield self._predicted(batch.x)
            return
        for _ in range(self.scene_turns - 1):
            with torch.no_grad():
                poses = self.pose_encoder(drawn(batch.x, 2).flatten(0, 1))
            yield self._told_apart(*poses.chunk(2))
        frames = drawn(batch.x, DRAWN)
        pose, second = self.pose_encoder(torch.cat([frames[2], frames[3]])).chunk(
            2
        )  # (B, pose) each
        yield self._told_apart(pose.detach(), second.detach())
        yield self._modelled(frames[0], frames[1], frames[2], pose, second.detach())

    def _told_apart(self, pose: Tensor, second: Tensor) -> Losses:
        """The turn of C."""
        self.scene.observe(torch.cat([pose, second]))
        logits = self.scene(pose, second)  # (B, B)
        loss = scene_loss(logits)
        same, others = same_and_others(logits)
        right = ((same > 0).float().mean() + (others < 0).float().mean()) / 2
        return Losses({"scene": loss}, {"scene": loss, "accuracy": right}, UNITS)

    def _modelled(
        self, first: Tensor, other: Tensor, target: Tensor, pose: Tensor, second: Tensor
    ) -> Losses:
        """The turn of encoders and decoder. second: the pose that is not decoded, without a gradient."""
        content, again = self.encoder(torch.cat([first, other])).chunk(2)  # (B, content) each
        error = F.mse_loss(self._output(content, pose), target)
        similarity = F.mse_loss(content, again.detach())
        loss = error + self.alpha * similarity
        terms = {"error": error, "similarity": similarity}
        terms["similarity of others"] = similarity / (
            2 * content.var(0).mean()
        )  # 1 for two clips at random
        terms["spread of content"] = content.std(0).median()
        if self.beta > 0:
            unsure = towards(0.5, self.scene(pose, second).diagonal())
            terms["unsure"] = unsure - towards(
                0.5, torch.zeros_like(unsure)
            )  # from its minimum, log 2
            loss = loss + self.beta * unsure
        return Losses({"model": loss}, terms, UNITS)

    def _predicted(self, clips: Tensor) -> Losses:
        """The turn of the predictor, on a window of each clip."""
        assert self.predictor is not None  # it has a share of the run
        window = windows(clips, self.past + self.future)  # (B, T, C, H, W)
        poses = codes_of_clips(self.pose_encoder, window)  # (B, T, pose)
        content = codes_of_clips(self.encoder, window[:, self.past - 1 : self.past])[:, 0]
        error = F.mse_loss(self.predictor(poses[:, :-1], content).float(), poses[:, 1:])
        return Losses({"predictor": error}, {"prediction error": error}, UNITS)

    def predict(self, clips: Tensor, n: int) -> Tensor:
        """The `n` frames (B, n, C, H, W) after clips (B, M, C, H, W), M at least 1.

        The content is that of the last frame of each.
        """
        if self.predictor is None:
            raise NotAvailable("this run has no predictor: its setting last is 0")
        poses = codes_of_clips(self.pose_encoder, clips)
        content = codes_of_clips(self.encoder, clips[:, -1:])[:, 0]
        with torch.no_grad():
            found = self.predictor(poses, content, n)[:, -n:].float()  # (B, n, pose)
            frames = self._output(content.repeat_interleave(n, 0), found.flatten(0, 1)).clamp(0, 1)
        return frames.unflatten(0, (len(clips), n))

    def _output(self, content: Tensor, pose: Tensor) -> Tensor:
        output: Tensor = self.decoder(torch.cat([content, pose], 1)).float()
        return output

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(torch.cat([self.encoder(x), self.pose_encoder(x)], 1), blocks=self.blocks)

    def decode(self, z: Tensor) -> Tensor:
        return self._output(z[:, : self.content], z[:, self.content :]).clamp(0, 1)

    def sample_prior(self, n: int) -> Tensor:
        raise NotAvailable("codes have no prior: take content and pose from images")
