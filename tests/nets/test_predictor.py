"""The recurrent predictor: from true codes while there are some, from its own after, beside the context."""

import torch

from unweave.nets.predictor import Predictor


def made() -> tuple[Predictor, torch.Tensor, torch.Tensor]:
    """A predictor, codes (3, 4, 2) and a context (3, 5)."""
    torch.manual_seed(0)
    return Predictor(2, 5, 16), torch.randn(3, 4, 2), torch.randn(3, 5)


def test_after_the_known_codes_each_prediction_is_made_from_the_one_before():
    predictor, known, context = made()
    found = predictor(known, context, more=3)  # of the codes 2 to 7
    assert found.shape == (3, 6, 2)
    fed_back = torch.cat([known, found[:, 3:5]], 1)  # the true ones, then the predictions 5 and 6
    torch.testing.assert_close(predictor(fed_back, context), found)


def test_a_prediction_depends_on_the_context_and_on_no_later_code():
    predictor, known, context = made()
    found = predictor(known, context)
    assert not torch.allclose(predictor(known, context + 1), found)
    other = known.clone()
    other[:, 2] += 1
    changed = predictor(other, context)
    assert torch.equal(changed[:, :2], found[:, :2])
    assert not torch.allclose(changed[:, 2:], found[:, 2:])
