from diagnostics import registry
from portal.question_words import QUESTIONS, question_text


def test_every_question_has_its_words() -> None:
    asked = {check.question for check in registry.checks()}
    assert set(QUESTIONS) == asked
    assert all(question_text(slug).endswith("?") for slug in asked)


def test_a_question_of_old_is_shown_as_it_was() -> None:
    assert question_text("asked-of-old") == "asked-of-old"
