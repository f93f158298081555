"""pythae's trainer: `pythae_steps.py STEPS`; its BetaVAE with the same network and the final sigmoid that it requires."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile

from pythae.data.datasets import BaseDataset
from pythae.models import BetaVAE, BetaVAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import from_numpy, nn, ones

from clock import show, tick
from images import images
from nets import decoder_body, encoder_body


class Encoder(BaseEncoder):
    def __init__(self):
        BaseEncoder.__init__(self)
        self.body = encoder_body()
        self.mean = nn.Linear(256, 10)
        self.log_var = nn.Linear(256, 10)

    def forward(self, x):
        h = self.body(x)
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_var(h))


class Decoder(BaseDecoder):
    def __init__(self):
        BaseDecoder.__init__(self)
        self.body = decoder_body()

    def forward(self, z):
        return ModelOutput(reconstruction=self.body(z).sigmoid())


class Clock(TrainingCallback):
    def on_train_step_end(self, training_config, **kwargs):
        tick()


logging.disable(logging.CRITICAL)
steps = int(sys.argv[1])
x = from_numpy(images()[: 64 * steps]).float().div_(255)
model = BetaVAE(
    BetaVAEConfig(input_dim=(1, 64, 64), latent_dim=10, beta=4.0, reconstruction_loss="bce"),
    Encoder(),
    Decoder(),
)
config = BaseTrainerConfig(
    output_dir=tempfile.mkdtemp(),
    num_epochs=-(-64 * steps // len(x)),
    learning_rate=1e-4,
    per_device_train_batch_size=64,
)
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    BaseTrainer(
        model, BaseDataset(x, ones(len(x))), training_config=config, callbacks=[Clock()]
    ).train()
show()
