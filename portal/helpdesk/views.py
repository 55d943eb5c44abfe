"""Where helpdesks' links lead. Mail scanners and chat previews open every link, so a GET changes nothing."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import activate, get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from diagnostics.addresses import mask
from diagnostics.articles import article as find_article
from diagnostics.domain import Article
from diagnostics.models import DeepLink
from diagnostics.services.deep_links import live_link, open_linked_case
from diagnostics.services.limits import LimitReached
from diagnostics.vendors import vendor
from portal.access import source_of
from portal.helpdesk.prefill import prefill_of
from portal.intake import StartForm, limit_reached, open_page, words_for_limit


@require_safe
@never_cache
def go(request: HttpRequest, slug: str) -> HttpResponse:
    """The article's start form with what the helpdesk's link says about company and ticket."""
    prefill = prefill_of(request.GET)
    if prefill.language:
        activate(prefill.language)
    article = find_article(slug, _language())
    if article is None:
        raise Http404
    context = {
        "article": article,
        "vendor": vendor(article.vendor),
        "form": StartForm(article=article, initial=prefill.initial),
        "ignored": prefill.ignored,
    }
    response = _unlisted(render(request, "helpdesk/go.html", context))
    if prefill.language:
        _keep_language(response, prefill.language)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """What a signed link will open, and the button that opens it; unknown, expired and revoked links look the same."""
    found = live_link(token)
    article = find_article(found.article, _language()) if found else None
    if found is None or article is None:
        return _unlisted(render(request, "helpdesk/dead_link.html", status=404))
    if request.method != "POST":
        return _landing(request, found, article)
    try:
        case = open_linked_case(found, article=article, source=source_of(request), language=_language())
    except LimitReached as limit:
        return limit_reached(_landing(request, found, article, problem=words_for_limit(limit, typed=False)), limit)
    return _unlisted(open_page(request, case))


def _landing(request: HttpRequest, found: DeepLink, article: Article, problem: str = "") -> HttpResponse:
    context = {
        "link": found,
        "article": article,
        "vendor": vendor(article.vendor),
        "address": mask(found.address),
        "problem": problem,
    }
    return _unlisted(render(request, "helpdesk/link.html", context))


def _unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _keep_language(response: HttpResponse, language: str) -> None:
    """The form is sent to another address, which must answer in the same language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
