"""`python -m portal.alive`: a container's health check. Exit status 0 if the process beside it works, else 1 and why.

http PORT PATH    the server on this port answers with 200
file              ALIVE_FILE has just been touched (worker, beat)
dispatcher        a dispatcher has just written its heartbeat to the database
"""

import http.client
import os
import sys
import time
from pathlib import Path

import psycopg

FILE_SECONDS = 20
HEARTBEAT_SECONDS = 60
ANSWER_SECONDS = 3


def main(question: str, *arguments: str) -> str:
    """Empty if alive, else what is wrong."""
    match question, arguments:
        case "http", (port, path):
            return _http(int(port), path)
        case "file", ():
            return _file(Path(os.environ["ALIVE_FILE"]))
        case "dispatcher", ():
            return _dispatcher(os.environ["DATABASE_URL"])
    return __doc__ or ""


def _http(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except OSError as fault:
        return f"no answer: {fault}"
    finally:
        connection.close()
    return "" if status == http.HTTPStatus.OK else f"answered {status}"


def _file(file: Path) -> str:
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return f"{file} is not there"
    return "" if age < FILE_SECONDS else f"{file} was touched {age:.0f} s ago"


def _dispatcher(database_url: str) -> str:
    query = "SELECT now() - at < make_interval(secs => %s) FROM diagnostics_heartbeat WHERE name = 'dispatcher'"
    try:
        with psycopg.connect(database_url, connect_timeout=ANSWER_SECONDS) as connection:
            row = connection.execute(query, [HEARTBEAT_SECONDS]).fetchone()
    except psycopg.Error as fault:
        return f"database: {fault}"
    return "" if row and row[0] else "no heartbeat"


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["help"])) or None)
