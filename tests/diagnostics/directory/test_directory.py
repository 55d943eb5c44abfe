"""Which directory the settings lead to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnostics.directory import configured_directory, directories, directory
from diagnostics.directory.database import DatabaseDirectory
from diagnostics.directory.http import HttpDirectory
from diagnostics.domain import Gap, NotApplicable
from diagnostics.records import configured_records
from tests.diagnostics.networks import target


def test_a_file_in_the_folder_is_an_adapter() -> None:
    assert directories() == ("database", "http")


def test_a_name_without_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="there are database, http"):
        directory("ldap")


async def test_without_a_setting_there_is_none_and_every_question_says_so(settings) -> None:
    settings.DIRECTORY, settings.LAB = "", False
    assert configured_directory() is None
    with pytest.raises(NotApplicable) as nothing:
        await configured_records().directory(target())
    assert nothing.value.gap is Gap.NOT_SET_UP


def test_the_settings_choose(settings) -> None:
    settings.DIRECTORY, settings.LAB = "database", False
    assert isinstance(configured_directory(), DatabaseDirectory)
    settings.DIRECTORY, settings.DIRECTORY_URL, settings.DIRECTORY_TOKEN = "http", "https://vendor.example.org/d", "key"
    found = configured_directory()
    assert isinstance(found, HttpDirectory)
    assert (found.url, found.token) == ("https://vendor.example.org/d", "key")


def test_faults_are_counted_over_all_cases_of_the_process(settings) -> None:
    settings.DIRECTORY, settings.DIRECTORY_URL, settings.DIRECTORY_TOKEN = "http", "https://vendor.example.org/d", "key"
    assert configured_directory() is configured_directory()


def test_in_the_lab_it_is_the_lab_s_own_wherever_that_runs_now(settings, tmp_path: Path) -> None:
    settings.DIRECTORY, settings.DIRECTORY_URL, settings.DIRECTORY_TOKEN = "", "", ""
    settings.LAB, settings.LAB_STATE = True, tmp_path / "state.json"
    for url in ("http://127.0.0.1:5001/", "http://127.0.0.1:5002/"):
        state = {"nameserver": "127.0.0.1:53", "zones": ["test"], "dial_map": {}, "directory": url}
        settings.LAB_STATE.write_text(json.dumps(state))
        found = configured_directory()
        assert isinstance(found, HttpDirectory)
        assert found.url == url
