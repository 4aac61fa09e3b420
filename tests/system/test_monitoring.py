"""What is installed for Prometheus and Grafana: rules, dashboard, and a scrape by Prometheus itself."""
import json
import re
import shutil
import unittest
import urllib.parse
import urllib.request

import harness
from harness import HERE, ROOT, Process, run, wait_for

FOLDER = ROOT / "monitoring"
API = "http://127.0.0.1:9090/api/v1"


def promtool(*words) -> str:
    done = run("promtool", *words, check=False)
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, text
    return text


def expressions() -> list[str]:
    board = json.loads((FOLDER / "tcpengine.dashboard.json").read_text())
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]] + \
           [note["expr"] for note in board["annotations"]["list"]]


class Files(unittest.TestCase):
    def test_rules(self) -> None:
        promtool("check", "rules", FOLDER / "tcpengine.rules.yml")
        promtool("check", "config", FOLDER / "prometheus.yml")
        promtool("test", "rules", HERE / "alerts.test.yml")

    def test_each_alert_has_a_test(self) -> None:
        named = re.findall(r"alert: (\w+)", (FOLDER / "tcpengine.rules.yml").read_text())
        self.assertGreater(len(named), 5)
        tests = (HERE / "alerts.test.yml").read_text()
        for name in named:
            self.assertGreaterEqual(tests.count(name), 2, f"{name}: one that comes, one that does not")

    def test_panels_do_not_overlap(self) -> None:
        taken = set()
        for panel in json.loads((FOLDER / "tcpengine.dashboard.json").read_text())["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(max(x for x, _ in cells), 23, panel["title"])
            taken |= cells


class Scrape(harness.SystemTest):
    def query(self, expression: str) -> list[dict]:
        words = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{API}/query?{words}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]

    def prometheus(self) -> None:
        for name in ("prometheus.yml", "tcpengine.rules.yml"):
            shutil.copy(FOLDER / name, self.folder)
        config = self.folder / "prometheus.yml"
        config.write_text(config.read_text().replace("scrape_interval: 15s", "scrape_interval: 1s"))
        process = Process(["prometheus", f"--config.file={config}",
                           f"--storage.tsdb.path={self.folder / 'data'}",
                           "--web.listen-address=127.0.0.1:9090"], self.folder, "prometheus")
        self.addCleanup(process.stop)
        wait_for(lambda: "Server is ready" in process.log, 30, "Prometheus")

    def test_it(self) -> None:
        self.prometheus()
        self.ctl("listen", "7000")
        listeners = 'tcpengine_tcp_connection_states{state="LISTEN"}'
        wait_for(lambda: [row["value"][1] for row in self.query(listeners)] == ["1"], 20, "a scrape")
        self.assertEqual(self.query("up")[0]["value"][1], "1")
        # It asks for OpenMetrics first: only that has gauge histograms.
        self.assertTrue(self.query("tcpengine_tcp_close_wait_age_seconds_gcount"))
        for expression in expressions():
            with self.subTest(expression):  # as Grafana would ask
                self.query(expression.replace("$instance", ".*").replace("$__rate_interval", "1m"))

    def test_every_metric_is_there(self) -> None:
        page = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read().decode()
        families = set(re.findall(r"(?m)^# TYPE (\S+)", page))
        rules = (FOLDER / "tcpengine.rules.yml").read_text()
        text = re.sub(r"instance:\S+", "", rules + " ".join(expressions()))
        for name in set(re.findall(r"\b(?:tcpengine|process)_\w+", text)):
            if name not in families:
                self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name), families)
        for name, bound in re.findall(r'(\w+_bucket)\{[^}]*le="([^"]+)"', text):
            self.assertRegex(page, rf'(?m)^{name}\{{.*le="{re.escape(bound)}"\}} ')


if __name__ == "__main__":
    harness.main()
