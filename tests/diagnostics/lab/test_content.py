from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.apps import apps

from diagnostics import articles, vendors
from diagnostics.lab import neighbourhood, scenarios
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import name_of

LAB = Path(articles.__file__).parents[1] / "lab"
CONTROL_DOMAIN = "timeclock.test"


@pytest.fixture(autouse=True)
def _lab_content() -> Iterator[None]:
    vendors.use(LAB / "vendors")
    articles.use(LAB / "articles")
    yield
    articles.use()
    apps.get_app_config("diagnostics").ready()  # Back to what the settings say.


def test_every_scenario_has_its_article_and_the_article_its_vendor() -> None:
    assert not articles.problems() + vendors.problems()
    for scenario in scenarios():
        article = articles.article(scenario.article)
        assert article is not None, scenario.slug
        assert article.sections
        assert vendors.vendor(article.vendor).control_domain.endswith(CONTROL_DOMAIN)


def test_the_control_domain_takes_mail() -> None:
    records = neighbourhood.ZONE[CONTROL_DOMAIN]
    assert not isinstance(records, NameBehaviour)
    names = [mx.split()[1].removesuffix(".") for mx in records["MX"]]
    assert names == [name_of(address, neighbourhood.ZONE) for address, port in neighbourhood.HOSTS if port == 25]


def test_every_host_of_a_lab_vendor_is_played_on_all_its_ports() -> None:
    played: dict[str, set[int]] = {}
    for zone, hosts in [(neighbourhood.ZONE, neighbourhood.HOSTS), *((one.zone, one.hosts) for one in scenarios())]:
        for address, port in hosts:
            played.setdefault(name_of(address, zone), set()).add(port)
    promised = [host for vendor in vendors.vendors().values() for host in vendor.hosts]
    assert len(promised) == 3
    for host in promised:
        assert played[host.name] == set(host.ports)


def test_the_labs_clockify_is_the_published_one_but_for_its_control_domain() -> None:
    lab = vendors.vendor("clockify")
    vendors.use()
    published = vendors.vendor("clockify")
    assert lab == replace(published, control_domain=CONTROL_DOMAIN)
