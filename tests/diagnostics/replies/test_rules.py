"""Every rule stands for itself: its example is decided by that very rule."""

from collections import Counter

import pytest

from diagnostics.replies import Reason, classify
from diagnostics.replies.phrases import parse
from diagnostics.replies.reading import read
from diagnostics.replies.ruleset import Rule, ruleset

RULES = ruleset().rules
FIRST_CODE_OF_A_REFUSAL = 400


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_decides_its_own_example(rule: Rule) -> None:
    reply = classify(rule.example)

    assert (reply.rule, reply.reason) == (rule.name, rule.reason)


def test_no_two_rules_share_a_name() -> None:
    assert [name for name, times in Counter(rule.name for rule in RULES).items() if times > 1] == []


def test_every_reason_but_unknown_has_a_rule() -> None:
    assert {rule.reason for rule in RULES} == set(Reason) - {Reason.UNKNOWN}


def test_names_tell_where_the_code_of_a_refusal_is_all_that_was_understood() -> None:
    without_more = [rule for rule in RULES if not rule.says and not rule.statuses]
    guesses = {rule.name for rule in without_more if min(rule.codes) >= FIRST_CODE_OF_A_REFUSAL}

    assert {rule.name for rule in RULES if rule.name.startswith("code-")} == guesses


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("user unknown", "User  unknown!", True),
        ("user unknown", "superuser unknown", False),
        ("(user|mail box) unknown", "mail-box unknown", True),
        ("user (is|) unknown", "user unknown", True),
        ("user .. unknown", "user of this fine domain unknown", True),
        ("user .. unknown", "user one two three four five unknown", False),
        ("exceed* quota", "exceeding quota", True),
        ("bloque par", "bloqué par le serveur", True),
        ("ящик .. переполнен", "Почтовый ящик получателя переполнен", True),
    ],
)
def test_a_phrase_is_found_as_written(phrase: str, text: str, found: bool) -> None:
    assert parse(phrase).occurs_in(read(text)) is found


@pytest.mark.parametrize("phrase", ["(a (b|c)|d)", "(a|b", "a|b"])
def test_a_phrase_that_cannot_be_read_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        parse(phrase)


@pytest.mark.parametrize("phrase", [".. ..", "(alpha|)", "ab*"])
def test_a_phrase_without_a_telling_word_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="no whole word"):
        parse(phrase).telling_words(len)
