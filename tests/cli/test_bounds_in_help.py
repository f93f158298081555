"""Bounds of settings are shown as they are."""


def test_a_bound_that_is_a_whole_number_is_shown_in_full(unweave):
    _, out, _ = unweave("train", "vae", "--data", "digits", "--help")
    assert "9,223,372,036,854,775,807" in "".join(out.split())
    assert "e+" not in out


def test_so_it_is_in_an_error(unweave):
    code, _, err = unweave("train", "vae", "--data", "digits", "--seed", str(2**63))
    assert code == 2
    assert "9,223,372,036,854,775,807" in err
