"""Recurrent predictor of codes: linear, two LSTM cells, linear, tanh.

Denton and Birodkar (2017), section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Predictor(nn.Module):
    """The next codes of a sequence, in -1 to 1, beside a context that does not change.

    columns, context: of the codes and of the context. width: units of each LSTM cell.
    """

    def __init__(self, columns: int, context: int, width: int):
        super().__init__()
        self.width = width
        self.embed = nn.Linear(columns + context, width)
        self.cells = nn.ModuleList(nn.LSTMCell(width, width) for _ in range(2))
        self.out = nn.Linear(width, columns)

    def forward(self, known: Tensor, context: Tensor, more: int = 1) -> Tensor:
        """Codes 2, ..., T + more, (B, T - 1 + more, columns), after the known ones (B, T, columns).

        Each is made from the true code before it where that is known, from the prediction after.
        The state starts at 0. context: (B, context).
        """
        steps = known.shape[1]
        zero = context.new_zeros(len(context), self.width)
        states = [(zero, zero) for _ in self.cells]  # (h, c) of each cell
        made: list[Tensor] = []
        for t in range(steps - 1 + more):
            # (B, columns): the true code while there is one, then the last prediction
            last = known[:, t] if t < steps else made[-1]
            h = self.embed(torch.cat([last, context], 1))
            for i, cell in enumerate(self.cells):
                states[i] = cell(h, states[i])
                h = states[i][0]
            made.append(torch.tanh(self.out(h)))
        return torch.stack(made, 1)  # (B, T - 1 + more, columns)
