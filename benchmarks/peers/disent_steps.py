"""disent's own way, a Lightning trainer: `disent_steps.py STEPS`; its BetaVae with the same network."""

from __future__ import annotations

import logging
import sys
import warnings

import lightning.pytorch as lightning
import numpy as np
import torch
from clock import show, tick
from disent.dataset import DisentDataset
from disent.dataset.sampling import SingleSampler
from disent.dataset.transform import ToImgTensorF32
from disent.frameworks.vae import BetaVae
from disent.model import AutoEncoder, DisentDecoder, DisentEncoder
from images import images
from nets import decoder_body, encoder_body
from torch import nn
from torch.utils.data import DataLoader, Dataset

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


class Images(Dataset):
    def __init__(self):
        self.x = images().transpose(0, 2, 3, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i]


class Encoder(DisentEncoder):
    def __init__(self):
        super().__init__(x_shape=(1, 64, 64), z_size=10, z_multiplier=2)
        self.model = nn.Sequential(encoder_body(), nn.Linear(256, 20))

    def encode(self, x):
        return self.model(x)


class Decoder(DisentDecoder):
    def __init__(self):
        super().__init__(x_shape=(1, 64, 64), z_size=10, z_multiplier=1)
        self.model = decoder_body()

    def decode(self, z):
        return self.model(z)


class Clock(lightning.Callback):
    def on_train_batch_end(self, *args, **kwargs):
        tick()


np.random.seed(0)
steps = int(sys.argv[1])
dataset = DisentDataset(Images(), sampler=SingleSampler(), transform=ToImgTensorF32())
loader = DataLoader(dataset, batch_size=64, shuffle=True, num_workers=0)
framework = BetaVae(
    model=AutoEncoder(Encoder(), Decoder()),
    cfg=BetaVae.cfg(
        optimizer="adam", optimizer_kwargs={"lr": 1e-4}, loss_reduction="mean_sum", recon_loss="bce", beta=4.0
    ),
)
trainer = lightning.Trainer(
    max_steps=steps, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
    enable_model_summary=False, callbacks=[Clock()],
)  # fmt: skip
torch.set_num_threads(1)
trainer.fit(framework, loader)
show()
