"""The loop: what it computes, and how it refuses the mistakes that a method can make."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unweave.methods.base import Method, Part, Player
from unweave.training.loop import NotFinite, Training
from unweave.training.turns import NoTurn
from unweave.types import Batch, Losses

X = torch.arange(32.0).reshape(4, 8) / 32


def same_batch(step: int) -> Batch:
    return Batch(X)


class Toy(Method):
    """Two linear layers, `a` and `b`; what it yields and who plays is given as functions."""

    def __init__(
        self,
        turns: Callable[[Toy, int], Iterator[Losses]],
        players: Callable[[Toy], dict[str, Player]] | None = None,
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 1)
        self.turns, self.chosen = (
            turns,
            players or (lambda m: {"a": Player(m.a, 0.1), "b": Player(m.b, 0.1)}),
        )

    def players(self) -> dict[str, Player]:
        return self.chosen(self)

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        return self.turns(self, step)


def model(m: Toy, **keywords: Any) -> dict[str, Player]:
    """Everything in one player, by plain gradient descent of rate 0.1."""
    return {"model": Player(m, **({"lr": 0.1, "optimiser": torch.optim.SGD} | keywords))}


def mean_of(m: Toy, step: int) -> Iterator[Losses]:
    yield Losses({"model": m.b(m.a(X)).mean()})


# -- what it computes


def test_a_step_of_gradient_descent_worked_by_hand() -> None:
    """d mean(b(a(x))) / d bias of b is 1, so that the bias falls by the rate; here the rate depends on the step."""
    method = Toy(mean_of, partial(model, lr=lambda step: 0.1 / (step + 1)))
    start = method.b.bias.item()
    training = Training(method, same_batch)
    assert [round(start - method.b.bias.item(), 6) for _ in training.until(3)] == [
        0.1,
        0.15,
        0.183333,
    ]
    assert training.step == 3


def test_both_move_from_the_same_point() -> None:
    """min over a, max over b of a * b, by one simultaneous step: not b at a's new place."""

    class Game(Method):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(2.0))

        def players(self) -> dict[str, Player]:
            return {name: Player(getattr(self, name), 0.5, torch.optim.SGD) for name in ("a", "b")}

        def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
            value = self.a * self.b
            yield Losses({"a": value, "b": -value})

    game = Game()
    Training(game, same_batch).advance()
    assert (game.a.item(), game.b.item()) == (0.0, 2.5)


def test_terms_are_what_the_turns_log_and_each_players_loss() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss = m.b(m.a(X)).mean()
        yield Losses({"model": loss}, {"size": 2 * loss})

    terms = Training(Toy(turns, model), same_batch).advance()
    assert terms.keys() == {"loss/model", "size"}
    assert terms["size"] == 2 * terms["loss/model"]
    assert not any(value.requires_grad for value in terms.values())


class Counted(torch.autograd.Function):
    """The identity; counts how often it is differentiated."""

    backwards = 0

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        Counted.backwards += 1
        return gradient


@pytest.mark.parametrize(("shared", "passes"), [(True, 1), (False, 2)])
def test_two_players_on_one_loss_take_one_backward_pass(shared: bool, passes: int) -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss = Counted.apply(m.b(m.a(X)).mean())
        yield Losses({"a": loss, "b": loss if shared else 1 * loss})

    Counted.backwards = 0
    Training(Toy(turns), same_batch).advance()
    assert Counted.backwards == passes


def noisy(m: Toy, step: int) -> Iterator[Losses]:
    """A loss with noise from torch's default generator."""
    yield Losses({"model": (m.b(m.a(X + torch.randn_like(X))) ** 2).mean()})


def noisy_weights(
    seed: int, between: Callable[[Training], None] = lambda training: None
) -> list[Tensor]:
    training = Training(Toy(noisy, model), same_batch, seed=seed)
    for _ in training.until(4):
        between(training)
    return [w.detach() for w in training.method.parameters()]


def equal(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


def test_the_seed_decides() -> None:
    assert equal(noisy_weights(0), noisy_weights(0))
    assert not equal(noisy_weights(0), noisy_weights(1))


def test_what_is_drawn_between_steps_disturbs_nothing() -> None:
    def look(training: Training) -> None:
        torch.manual_seed(5)
        with torch.no_grad():
            training.method.b(training.method.a(torch.randn(100, 8)))

    assert equal(noisy_weights(0), noisy_weights(0, look))


def test_autocast_sees_the_moved_weights_in_the_next_turn() -> None:
    """One context over two turns would reuse its bfloat16 copies of the old weights."""
    seen: list[Tensor] = []

    def turns(m: Toy, step: int) -> Iterator[Losses]:
        for _ in range(2):
            seen.append(m.b(m.a(X)).mean())
            yield Losses({"model": seen[-1].float()})

    Training(Toy(turns, model), same_batch, dtype=torch.bfloat16).advance()
    assert seen[0].dtype == torch.bfloat16
    assert seen[0] != seen[1]


def test_optimisers_are_fused_where_they_can_be() -> None:
    fusible = Training(Toy(mean_of, partial(model, optimiser=torch.optim.AdamW)), same_batch)
    assert fusible.optimisers["model"].param_groups[0]["fused"] is True
    plain = Training(Toy(mean_of, partial(model, optimiser=torch.optim.RMSprop)), same_batch)
    assert "fused" not in plain.optimisers["model"].param_groups[0]
    plain.advance()


# -- clip and skip


def test_a_long_gradient_is_scaled_down_to_clip() -> None:
    method = Toy(mean_of, partial(model, lr=1.0, clip=0.25))
    before = [w.detach().clone() for w in method.parameters()]
    Training(method, same_batch).advance()
    moves = [(a - b).detach() for a, b in zip(before, method.parameters(), strict=True)]
    assert torch.cat([m.flatten() for m in moves]).norm().item() == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize("at", [math.nan, math.inf, 1e9])
def test_a_gradient_beyond_skip_makes_no_move_and_is_counted(at: float) -> None:
    """A finite loss whose gradient is NaN, infinite, or too long, at step 1 of 3."""

    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss = m.b(m.a(X)).mean()
        if step == 1:
            loss.register_hook(lambda gradient: gradient * at)
        yield Losses({"model": loss})

    method = Toy(turns, partial(model, skip=100.0))
    training = Training(method, same_batch)
    moved = []
    before = method.b.bias.item()
    for _ in training.until(3):
        moved.append(method.b.bias.item() != before)
        before = method.b.bias.item()
    assert moved == [True, False, True]
    assert training.skipped == {"model": 1}
    assert all(w.isfinite().all() for w in method.parameters())


def test_a_hundred_skips_in_a_row_stop_the_run() -> None:
    training = Training(Toy(mean_of, partial(model, skip=1e-9)), same_batch)
    with pytest.raises(
        NotFinite, match=r"step 99: the gradient of player 'model' was skipped 100 times in a row"
    ):
        list(training.until(1000))


def test_a_move_between_skips_starts_the_count_again() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        yield Losses({"model": m.b(m.a(X)).mean() * (1e-12 if step % 60 == 0 else 1)})

    training = Training(Toy(turns, partial(model, skip=1e-9)), same_batch)
    list(training.until(150))
    assert training.skipped == {"model": 147}


# -- mistakes


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("term", ["loss/model", "kl"])
def test_a_term_that_is_not_finite_stops_before_the_weights_move(value: float, term: str) -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss, bad = m.b(m.a(X)).mean(), value if step == 2 else 0.0
        yield Losses(
            {"model": loss + bad if term == "loss/model" else loss}, {"kl": loss.detach() + bad}
        )

    training = Training(Toy(turns, model), same_batch)
    list(training.until(2))
    before = [w.detach().clone() for w in training.method.parameters()]
    with pytest.raises(NotFinite, match=rf"^step 2: .*{term}.* is not finite$"):
        training.advance()
    assert equal(before, list(training.method.parameters()))


@pytest.mark.parametrize("keywords", [{}, {"fused": True}, {"fused": False}, {"foreach": True}])
def test_a_stale_value_after_a_yield_is_refused(keywords: dict[str, bool]) -> None:
    """The critic's logit of before its move, used after it. Fused Adam alone would let it pass."""

    def turns(m: Toy, step: int) -> Iterator[Losses]:
        logit = m.b(m.a(X)).mean()
        yield Losses({"b": m.b(m.a(X)).mean()})
        yield Losses({"a": -logit})

    def players(m: Toy) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, **keywords)
        return {"a": Player(m.a, 0.1, adam), "b": Player(m.b, 0.1, adam)}

    training = Training(Toy(turns, players), same_batch)
    chosen = training.optimisers["b"].param_groups[0]
    assert {key: chosen[key] for key in keywords} == keywords
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        training.advance()


def test_yield_inside_no_grad() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss = m.b(m.a(X)).mean()
        with torch.no_grad():
            yield Losses({"a": loss})

    with pytest.raises(
        NoTurn, match=r"^step 0: Toy.losses yielded inside torch.no_grad\(\): close"
    ) as caught:
        Training(Toy(turns), same_batch).advance()
    assert torch.is_grad_enabled(), f"the block was left open by {caught.value}"


def test_return_instead_of_yield() -> None:
    def turns(m: Toy, step: int) -> Any:
        return Losses({"a": m.b(m.a(X)).mean()})

    with pytest.raises(TypeError, match="Losses"):
        Training(Toy(turns), same_batch).advance()


def returned(m: Toy) -> Any:
    return {"a": m.b(m.a(X)).mean()}


def returned_at_the_end(m: Toy) -> Any:
    yield from ()
    return Losses({"a": m.b(m.a(X)).mean()})


def no_turn(m: Toy) -> Any:
    yield from ()


def yielded(value: Callable[[Tensor], Any]) -> Callable[[Toy], Any]:
    """A step whose one turn is made of the critic's logits (4, 1)."""

    def turns(m: Toy) -> Any:
        yield value(m.b(m.a(X)))

    return turns


def unchecked(of: dict[str, Any], terms: dict[str, Any] | None = None) -> Losses:
    """A turn whose values the tests' own type checks do not see."""
    turn = Losses({})
    turn.of.update(of)
    turn.terms.update(terms or {})
    return turn


WRONG = {
    "returned a dict; it yields its turns: write yield Losses({player: loss}) in place of return": returned,
    "returned a Losses; it yields its turns: write yield Losses({player: loss}) in place of return": returned_at_the_end,
    "yielded nothing; each step has a turn, Losses({player: loss})": no_turn,
    "yielded a Tensor; a turn is Losses({player: loss})": yielded(Tensor.mean),
    "yielded a dict; a turn is Losses({player: loss})": yielded(
        lambda logits: {"a": logits.mean()}
    ),
    "yielded None; a turn is Losses({player: loss})": yielded(lambda logits: None),
    "yielded a loss of player 'a' that is a float; it has to be a scalar tensor, without item() or float()": yielded(
        lambda logits: unchecked({"a": logits.mean().item()})
    ),
    "yielded a loss of player 'a' that is an int; it has to be a scalar tensor, without item() or float()": yielded(
        lambda logits: unchecked({"a": 0})
    ),
    "yielded a loss of player 'a' that has shape (4, 1); it has to be a scalar, a mean over the images": yielded(
        lambda logits: Losses({"a": logits})
    ),
    "yielded a loss of player 'a' that requires no gradient; it was detached, or computed inside torch.no_grad()": yielded(
        lambda logits: Losses({"a": logits.mean().detach()})
    ),
    "yielded a term 'kl' that is a float; it has to be a scalar tensor, without item() or float()": yielded(
        lambda logits: unchecked({"a": logits.mean()}, {"kl": 1.0})
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_turn_is_named_by_class_step_and_rule(message: str) -> None:
    """At step 1, after a step that is right; nobody has moved in it."""

    def turns(m: Toy, step: int) -> Any:
        return WRONG[message](m) if step else iter([Losses({"a": m.b(m.a(X)).mean()})])

    training = Training(Toy(turns), same_batch)
    training.advance()
    before = [w.detach().clone() for w in training.method.parameters()]
    with pytest.raises(NoTurn, match=f"^{re.escape(f'step 1: Toy.losses {message}')}$"):
        training.advance()
    assert equal(before, list(training.method.parameters()))


def test_a_player_that_owns_nothing_is_named() -> None:
    def players(m: Toy) -> dict[str, Player]:
        return {"a": Player((m.a, m.b)), "critic": Player(nn.Flatten())}

    with pytest.raises(
        ValueError,
        match=r"^Toy: player 'critic' owns no parameter that requires a gradient; name one",
    ):
        Training(Toy(mean_of, players), same_batch)


def test_a_gradient_that_is_never_finite_says_so() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        loss = m.b(m.a(X)).mean()
        loss.register_hook(lambda gradient: gradient * math.nan)
        yield Losses({"model": loss})

    with pytest.raises(
        NotFinite, match=r"step 99: .* Toy skips norms that are not below 5, and the last was nan$"
    ):
        list(Training(Toy(turns, partial(model, skip=5.0)), same_batch).until(1000))


def test_a_parameter_without_an_owner_is_named() -> None:
    with pytest.raises(
        ValueError,
        match=r"^Toy: no player owns 'b\.weight', 'b\.bias': in Toy.players\(\) give self.b \(Linear\) "
        r"to a Player, such as Player\(\(..., self.b\)\), or freeze it by requires_grad_\(False\)$",
    ):
        Training(Toy(mean_of, lambda m: {"model": Player(m.a)}), same_batch)


def test_many_of_them_are_counted_and_the_players_of_a_part_are_pointed_out() -> None:
    class Critical(Part):
        def __init__(self) -> None:
            super().__init__()
            self.critic = nn.Sequential(*(nn.Linear(2, 2) for _ in range(4)))

        def players(self) -> dict[str, Player]:
            return {"critic": Player(self.critic)}

    method = Toy(mean_of, lambda m: {"model": Player((m.a, m.b))})
    method.part = Critical()
    with pytest.raises(
        ValueError,
        match=r"no player owns 'part.critic.0.weight', .* and 3 more: in Toy.players\(\) "
        r"add \*\*self.part.players\(\), the players of that part$",
    ):
        Training(method, same_batch)


def test_a_frozen_parameter_needs_no_owner() -> None:
    method = Toy(mean_of, lambda m: {"model": Player(m.a)})
    method.b.requires_grad_(False)
    before = method.b.weight.clone()
    list(Training(method, same_batch).until(2))
    assert torch.equal(before, method.b.weight)


def test_an_unknown_player_is_refused_with_those_there_are() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        yield Losses({"c": m.b(m.a(X)).mean()})

    with pytest.raises(
        ValueError,
        match=r"step 0: Toy.losses moves 'c', which players\(\) does not name; there are: a, b",
    ):
        Training(Toy(turns), same_batch).advance()


def test_two_owners_of_one_parameter_in_one_turn_are_refused_but_not_in_two() -> None:
    def players(m: Toy) -> dict[str, Player]:
        return {"a": Player((m.a, m.b)), "b": Player(m.b)}

    def together(m: Toy, step: int) -> Iterator[Losses]:
        loss = m.b(m.a(X)).mean()
        yield Losses({"a": loss, "b": loss})

    def after_each_other(m: Toy, step: int) -> Iterator[Losses]:
        yield Losses({"a": m.b(m.a(X)).mean()})
        yield Losses({"b": m.b(m.a(X)).mean()})

    with pytest.raises(
        ValueError,
        match=r"^step 0: Toy.losses moves 'a' and 'b' in one turn, which own a parameter together, "
        r"'b.weight'; yield a turn for each, or own different ones$",
    ):
        Training(Toy(together, players), same_batch).advance()
    Training(Toy(after_each_other, players), same_batch).advance()


def test_a_loss_that_does_not_depend_on_its_player_is_refused() -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        yield Losses({"b": m.a(X).mean()})

    with pytest.raises(
        ValueError,
        match=r"^step 0: Toy.losses: the loss of player 'b' does not depend on what it owns",
    ):
        Training(Toy(turns), same_batch).advance()


def raised_at_once(m: Toy, step: int) -> Iterator[Losses]:
    raise KeyError("kl")


def raised_in_the_first_turn(m: Toy, step: int) -> Iterator[Losses]:
    raise KeyError("kl")
    yield


def raised_in_the_second_turn(m: Toy, step: int) -> Iterator[Losses]:
    yield Losses({"a": m.b(m.a(X)).mean()})
    raise KeyError("kl")


@pytest.mark.parametrize(
    "broken", [raised_at_once, raised_in_the_first_turn, raised_in_the_second_turn]
)
def test_an_error_inside_losses_keeps_its_type_and_is_noted_with_class_and_step(
    broken: Any,
) -> None:
    def turns(m: Toy, step: int) -> Iterator[Losses]:
        return broken(m, step) if step == 2 else mean_of(m, step)

    def players(m: Toy) -> dict[str, Player]:
        return {"model": Player(m), "a": Player(m.a)}

    training = Training(Toy(turns, players), same_batch)
    with pytest.raises(KeyError, match="kl") as caught:
        list(training.until(3))
    assert caught.value.__notes__ == ["in Toy.losses, step 2"]
    assert caught.traceback[-1].name == broken.__name__
