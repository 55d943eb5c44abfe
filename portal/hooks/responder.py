"""Where our port responders hand over what they saw. Without RESPONDER_KEY nothing is here."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from diagnostics.echo import SEAL_HEADER, sealed, unpack
from diagnostics.services.network import take_sightings


@csrf_exempt
@never_cache
@require_POST
def handed_over(request: HttpRequest) -> HttpResponse:
    """A batch of sightings; the same again changes nothing."""
    if not settings.RESPONDER_KEY:
        raise Http404
    try:
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=413)
    if not sealed(request.headers.get(SEAL_HEADER, ""), body, settings.RESPONDER_KEY.encode(), time.time()):
        return HttpResponseForbidden()
    seen = unpack(body)
    if seen is None:
        return HttpResponseBadRequest()
    take_sightings(seen)
    return JsonResponse({"taken": len(seen)})
