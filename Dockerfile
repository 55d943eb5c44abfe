FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# `watched` instead of `production` also has what SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT need.
ARG REQUIREMENTS=production
COPY requirements/production.txt requirements/watched.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/$REQUIREMENTS.txt
COPY . .
# Collecting files needs settings, but neither a database nor a real secret.
RUN DATABASE_URL=postgresql://build/none REDIS_URL=redis://build/0 /venv/bin/python manage.py collectstatic --no-input \
 && rm -rf .local && /venv/bin/python -m compileall -q diagnostics portal

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ALIVE_FILE=/tmp/alive
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-m", "portal.alive", "http", "8000", "/healthz/"]
CMD ["python", "-m", "portal.drain", "granian", "--log-config", "deploy/granian-log.json", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "5", "portal.wsgi:application"]
