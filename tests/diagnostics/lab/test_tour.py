from diagnostics.domain import Verdict
from diagnostics.lab import TOUR, scenarios, tour


def test_the_tour_shows_each_scenario_once_and_every_verdict() -> None:
    assert len(set(TOUR)) == len(TOUR)
    assert {scenario.verdict for scenario in tour()} == set(Verdict)
    assert len(tour()) < len(scenarios())
