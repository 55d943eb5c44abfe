"""Where helpdesks' links lead. Mail scanners and chat previews open every link, so a GET changes nothing."""

import secrets
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import activate, get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from diagnostics import lab
from diagnostics.addresses import mask
from diagnostics.articles import article as find_article
from diagnostics.articles import articles
from diagnostics.domain import Article
from diagnostics.models import DeepLink
from diagnostics.services.deep_links import LIFETIME, OpenedElsewhere, live_link, open_linked_case
from diagnostics.services.limits import LimitReached
from diagnostics.vendors import vendor
from portal.access import holds, source_of
from portal.helpdesk.prefill import Prefill, prefill_of
from portal.intake import StartForm, limit_reached, open_page, words_for_limit

LAB_ARTICLES = Path(lab.__file__).parent / "articles"
"""Articles that only carry a lab scenario."""
PASSED_ON = ("hd", "t", "lang")
"""What a link without an article keeps when one is chosen."""


@require_safe
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Where links of macros lead: the form of the article that `flow` names, else a choice of articles.

    What stands behind the # (`#c=<company>&e=<address>`) is read by a script and never reaches us.
    """
    prefill = prefill_of(request.GET, takes_company=False)
    article = find_article(request.GET.get("flow", ""), prefill.language or _language())
    if article is not None:
        return _form(request, article, prefill)
    if prefill.language:
        activate(prefill.language)
    kept = urlencode({name: request.GET[name] for name in PASSED_ON if name in request.GET})
    choice = [
        (one, f"{reverse('helpdesk:start')}?{urlencode({'flow': one.slug})}{'&' if kept else ''}{kept}")
        for one in articles(_language()).values()
        if not (LAB_ARTICLES / one.slug).exists()
    ]
    return _unlisted(render(request, "helpdesk/start.html", {"choice": choice}))


@require_safe
@never_cache
def go(request: HttpRequest, slug: str) -> HttpResponse:
    """The article's start form with what the helpdesk's link says about company and ticket."""
    prefill = prefill_of(request.GET)
    article = find_article(slug, prefill.language or _language())
    if article is None:
        raise Http404
    return _form(request, article, prefill)


@require_safe
def agent(request: HttpRequest, helpdesk: str, ticket: str) -> HttpResponse:
    """From a ticket to the console, which asks who is there."""
    return _unlisted(redirect("console:ticket", helpdesk, ticket))


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
    browser = request.COOKIES.get(_browser_cookie(), "") or secrets.token_urlsafe(16)
    if found.case and holds(request, found.case):
        return _unlisted(open_page(request, found.case))
    try:
        case = open_linked_case(
            found, article=article, source=source_of(request), language=_language(), browser=browser
        )
        opened = open_page(request, case)
    except OpenedElsewhere:
        return _unlisted(render(request, "helpdesk/used_link.html", {"link": found}, status=403))
    except LimitReached as limit:
        return limit_reached(_landing(request, found, article, problem=words_for_limit(limit, typed=False)), limit)
    return _unlisted(_keep_browser(opened, browser))


def _form(request: HttpRequest, article: Article, prefill: Prefill) -> HttpResponse:
    if prefill.language:
        activate(prefill.language)
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


def _landing(request: HttpRequest, found: DeepLink, article: Article, problem: str = "") -> HttpResponse:
    context = {
        "link": found,
        "article": article,
        "vendor": vendor(article.vendor),
        "address": mask(found.address),
        "problem": problem,
    }
    response = _unlisted(render(request, "helpdesk/link.html", context))
    # Known before the button is pressed, so that an answer that is lost on the way shuts nobody out.
    return _keep_browser(response, request.COOKIES.get(_browser_cookie(), "") or secrets.token_urlsafe(16))


def _unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _browser_cookie() -> str:
    return f"{'__Host-' if settings.HTTPS else ''}link"


def _keep_browser(response: HttpResponse, browser: str) -> HttpResponse:
    """A random value that tells this browser from others, as long as a link lives."""
    response.set_cookie(
        _browser_cookie(), browser, max_age=LIFETIME, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
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
