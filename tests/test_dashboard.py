"""The dashboard, the alerts and the scrape configuration that ship with the product.

That their queries match a real server's metrics is tested by the journey of monitoring, which runs one.
"""

import re
import shutil
import subprocess

from tests.support.metrics.dashboards import DEPLOY, alert_rules, dashboard, missing, queries, scrape_config


def test_every_panel_has_a_place_of_its_own_and_a_query() -> None:
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    assert len(panels) > 15
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells, panel["title"]
        assert max(x for x, _ in own) < 24
        cells |= own
        assert panel["targets"], panel["title"]


def test_every_alert_says_what_is_wrong() -> None:
    names = [rule["alert"] for rule in alert_rules()]
    assert len(set(names)) == len(names)
    for rule in alert_rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]


def test_brackets_and_quotes_of_every_query_close() -> None:
    for place, query in queries():
        bare = re.sub(r'"[^"]*"', "", query)
        assert '"' not in bare, place
        for opening, closing in ("()", "{}", "[]"):
            assert bare.count(opening) == bare.count(closing), place


def test_the_configuration_reads_the_figures_and_the_rules() -> None:
    [job] = scrape_config()["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("autograph", "/metrics")
    assert scrape_config()["rule_files"] == ["alerts.yml"]
    assert 'job="autograph"' in " ".join(rule["expr"] for rule in alert_rules())


def test_a_wrong_query_is_noticed() -> None:
    figures = {("autograph_events_total", frozenset({("kind", "logout")})): 1.0}
    assert missing('sum(autograph_events_total{kind="logout"})', figures) == []
    assert missing('sum(autograph_events_total{kind="log"})', figures) != []
    assert missing('sum(autograph_events_total{sort="logout"})', figures) != []
    assert missing("sum by (sort) (autograph_events_total)", figures) != []
    assert missing("autograph_events", figures) != []
    assert missing("1 > 0", figures) != []


def test_prometheus_itself_accepts_the_files_where_it_is_installed() -> None:
    if promtool := shutil.which("promtool"):
        for what, file in (("config", "prometheus.yml"), ("rules", "alerts.yml")):
            command = [promtool, "check", what, str(DEPLOY / "prometheus" / file)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
