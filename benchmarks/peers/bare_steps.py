"""A minimal training loop: `bare_steps.py PRECISION STEPS`; channels-last, fused Adam, no log."""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import nn

from clock import show, tick
from images import images
from nets import decoder_body, encoder_body

x = torch.from_numpy(images())
encoder = nn.Sequential(encoder_body(), nn.Linear(256, 20)).to(memory_format=torch.channels_last)
decoder = decoder_body().to(memory_format=torch.channels_last)
optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-4, fused=True)
bf16 = sys.argv[1] == "bf16"
for _ in range(int(sys.argv[2])):
    batch = x[torch.randint(len(x), (64,))].float().div_(255)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        mean, log_var = encoder(batch).float().chunk(2, 1)
        logits = decoder(mean + (0.5 * log_var).exp() * torch.randn_like(mean)).float()
    kl = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum(1).mean()
    loss = (
        F.binary_cross_entropy_with_logits(logits, batch, reduction="none").flatten(1).sum(1).mean()
        + 4 * kl
    )
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    tick()
show()
