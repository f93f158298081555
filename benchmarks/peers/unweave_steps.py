"""unweave's training loop: `unweave_steps.py PRECISION STEPS`."""

from __future__ import annotations

import sys

import torch

from clock import show, tick
from images import images
from unweave.data.images import ImageData
from unweave.data.sampling.batches import stream
from unweave.methods.resolve import resolve
from unweave.training.layout import channels_last
from unweave.training.loop import Training
from unweave.training.precision import dtype_of

data = ImageData(images())
method = channels_last(resolve("beta-vae", {}, data.info).make(data.info))
batches = stream(data, method.needs, batch_size=64, seed=0)
training = Training(method, batches, dtype=dtype_of(sys.argv[1], torch.device("cpu")))
for _ in training.until(int(sys.argv[2])):
    tick()
show()
