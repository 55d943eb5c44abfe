"""Parts of pages that many visitors get to see alike: rendered once for each set of values that they show."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django import template
from django.core.signals import setting_changed
from django.template.base import FilterExpression, Node, Parser, Token, token_kwargs
from django.template.context import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from portal.moulds import Moulds

register = template.Library()


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept "part.html" name=value … %}`: the part, as `include … with … only` has it; from before where it was
    rendered with the same values in this language.

    For our own words, statuses and the like, never for what a customer typed. `{% kept … filled name=value … %}`: these
    values differ from case to case and are filled in afterwards; of letters, digits, - and _ alone.
    """
    name, *words = token.split_contents()[1:]
    cut = words.index("filled") if "filled" in words else len(words)
    values, filled = words[:cut], words[cut + 1 :]
    made = token_kwargs(values, parser), token_kwargs(filled, parser)
    if not (name[0] == name[-1] == '"') or values or filled:
        raise template.TemplateSyntaxError(f"kept takes a part's name in quotes and values by name: {token.contents}")
    return KeptNode(name[1:-1], *made)


class KeptNode(Node):
    def __init__(self, name: str, values: dict[str, FilterExpression], filled: dict[str, FilterExpression]) -> None:
        self.name = name
        self.values = values
        self.filled = filled

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        filled = {name: str(value.resolve(context)) for name, value in self.filled.items()}

        def part(filled: Mapping[str, str]) -> str:
            return get_template(self.name).render({**values, **filled})

        alike = (*values.values(),)
        if _has_hash(alike):
            return mark_safe(_moulds(self.name, *self.filled).filled(alike, (), filled, part))  # noqa: S308 - a template's
        return mark_safe(part(filled))  # noqa: S308 - the same


def _has_hash(values: tuple[object, ...]) -> bool:
    """Or they hold a list or a mapping, as a cause holds its facts: then nothing is kept."""
    try:
        hash(values)
    except TypeError:
        return False
    return True


@cache
def _moulds(name: str, *gaps: str) -> Moulds:
    return Moulds(*gaps)


def _forget(**kwargs: object) -> None:
    _moulds.cache_clear()


setting_changed.connect(_forget)
