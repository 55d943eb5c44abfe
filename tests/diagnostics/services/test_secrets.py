"""Sealed secrets: read again with the same key and purpose, and by nothing else."""

import pytest

from diagnostics.services.secrets import Unopenable, seal, unseal

SECRET = "whsec_c2VjcmV0"


def test_a_sealed_secret_is_read_again_and_never_looks_the_same() -> None:
    sealed = [seal(SECRET, purpose="webhook") for _ in range(2)]
    assert {unseal(one, purpose="webhook") for one in sealed} == {SECRET}
    assert sealed[0] != sealed[1]
    assert SECRET not in "".join(sealed)


def test_a_key_opens_what_was_sealed_for_its_own_purpose_alone() -> None:
    with pytest.raises(Unopenable):
        unseal(seal(SECRET, purpose="webhook"), purpose="helpdesk")


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA", SECRET, "\u00e9"])
def test_what_is_no_sealed_secret_is_refused(sealed: str) -> None:
    with pytest.raises(Unopenable):
        unseal(sealed, purpose="webhook")


def test_a_changed_secret_is_refused() -> None:
    sealed = seal(SECRET, purpose="webhook")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(Unopenable):
        unseal(changed, purpose="webhook")


def test_an_earlier_secret_key_still_opens_what_it_sealed(settings) -> None:
    sealed = seal(SECRET, purpose="webhook")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 6, [settings.SECRET_KEY]
    assert unseal(sealed, purpose="webhook") == SECRET
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unopenable):
        unseal(sealed, purpose="webhook")
