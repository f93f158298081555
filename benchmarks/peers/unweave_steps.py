"""unweave's own loop: `unweave_steps.py PRECISION STEPS`."""

from __future__ import annotations

import sys

import torch

from clock import show, tick
from images import images
from unweave import build
from unweave.data.batches import stream
from unweave.data.images import ImageData
from unweave.fit import channels_last
from unweave.precision import resolve
from unweave.train import Training

data = ImageData(images())
method = channels_last(build.make(build.choose("beta-vae", {}, data.info), data.info))
batches = stream(data, method.needs, batch_size=64, seed=0)
training = Training(method, batches, dtype=resolve(sys.argv[1], torch.device("cpu")))
for _ in training.until(int(sys.argv[2])):
    tick()
show()
