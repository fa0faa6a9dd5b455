"""The files for container engines: well-formed, consistent with the product, and able to start it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import kubernetes_validate
import pytest
import yaml

from autograph_web.api.app import build_api
from autograph_web.settings import SECRETS_DIR, Settings
from tests.support.servers.ports import free_port
from tests.support.services.factories import SECRET
from tests.test_contracts import USUAL_NAMES

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"
KUBERNETES = ROOT / "deploy" / "kubernetes"
KUBERNETES_VERSIONS = ("1.30", "1.35")
_START_SECONDS = 60.0


class StrictLoader(yaml.SafeLoader):
    """Rejects a duplicate key, of which YAML readers silently use the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [cast(Any, self).construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {node.start_mark}"
        return super().construct_mapping(node, deep)


@cache
def instructions() -> tuple[tuple[str, str], ...]:
    """The steps of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple((word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines))


def of_kind(word: str) -> list[str]:
    return [rest for kind, rest in instructions() if kind == word]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in of_kind("ENV") for pair in shlex.split(rest))


def documents(file: Path) -> Iterator[Any]:
    return (one for one in yaml.load_all(file.read_text(), StrictLoader) if one)


@cache
def manifests() -> dict[tuple[str, str], Any]:
    """Everything that `kubectl apply -k` would send, by kind and name."""
    [kustomization] = documents(KUBERNETES / "kustomization.yaml")
    found = [one for name in kustomization["resources"] for one in documents(KUBERNETES / name)]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def compose() -> Any:
    [found] = documents(COMPOSE)
    return found


def known_variables() -> set[str]:
    return {USUAL_NAMES.get(name, f"AUTOGRAPH_{name.upper()}") for name in Settings.model_fields}


def get_paths() -> set[str]:
    return {getattr(route, "path", "") for route in build_api().routes}


def test_every_manifest_belongs_to_the_kustomization() -> None:
    [kustomization] = documents(KUBERNETES / "kustomization.yaml")
    assert {*kustomization["resources"], "kustomization.yaml"} == {
        file.name for file in KUBERNETES.glob("*.yaml")
    }


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_kubernetes_manifests_follow_its_schemas(version: str) -> None:
    for manifest in manifests().values():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validator_does_refuse() -> None:
    broken = manifests()["Deployment", "autograph"] | {"spec": {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES_VERSIONS[-1], strict=True)


def test_the_compose_file_follows_the_specification() -> None:
    spec = pytest.importorskip("compose_spec", reason="there is no wheel for this platform")
    assert spec.PyCompose.from_yaml(COMPOSE.read_text()).service_names()
    with pytest.raises(ValueError, match="imagge"):
        spec.PyCompose.from_yaml("services: {app: {imagge: x}}")


def test_the_dockerfile_is_linted() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("there is no hadolint for this platform")
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_variable_that_is_named_is_a_setting() -> None:
    settings = manifests()["ConfigMap", "autograph-settings"]["data"]
    app = compose()["services"]["app"]
    others = {name for name in image_environment() if not name.startswith(("PIP_", "PYTHON"))}
    assert {*settings, *app["environment"], *app["secrets"], *others} <= known_variables()
    for name, secret in compose()["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}


def test_every_probe_asks_a_call_that_there_is() -> None:
    [container] = manifests()["Deployment", "autograph"]["spec"]["template"]["spec"]["containers"]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert {probe["path"] for probe in probes} <= get_paths()
    assert probes[2]["path"] == "/health/ready"
    assert {probe["port"] for probe in probes} == {"http"}
    [check] = of_kind("HEALTHCHECK")
    assert "healthcheck.py" in check
    assert "/health/live" in (ROOT / "deploy" / "healthcheck.py").read_text()
    assert "/health/live" in get_paths()


def test_ports_agree() -> None:
    port = image_environment()["PORT"]
    [container] = manifests()["Deployment", "autograph"]["spec"]["template"]["spec"]["containers"]
    assert of_kind("EXPOSE") == [port]
    assert container["ports"] == [{"name": "http", "containerPort": int(port)}]
    assert compose()["services"]["app"]["expose"] == [port]
    assert f"server app:{port} " in (COMPOSE.parent / "upstream.conf").read_text()
    for name in ("autograph", "autograph-nowhere"):
        assert manifests()["Service", name]["spec"]["ports"][0]["name"] == "http"


def test_selectors_find_what_they_are_for() -> None:
    deployment = manifests()["Deployment", "autograph"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert manifests()["Service", "autograph"]["spec"]["selector"] == labels
    assert manifests()["PodDisruptionBudget", "autograph"]["spec"]["selector"]["matchLabels"] == labels
    scaled = manifests()["HorizontalPodAutoscaler", "autograph"]["spec"]["scaleTargetRef"]
    assert ("Deployment", scaled["name"]) in manifests()
    for path in manifests()["Ingress", "autograph"]["spec"]["rules"][0]["http"]["paths"]:
        assert ("Service", path["backend"]["service"]["name"]) in manifests()


@pytest.mark.parametrize("place", [("Deployment", "autograph"), ("Job", "autograph-migrate")])
def test_pods_may_do_next_to_nothing(place: tuple[str, str]) -> None:
    pod = manifests()[place]["spec"]["template"]["spec"]
    [user] = of_kind("USER")
    assert pod["securityContext"]["runAsNonRoot"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == user
    assert pod["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"/run/secrets/autograph", image_environment()["AUTOGRAPH_DATA_DIR"], "/tmp"}  # noqa: S108
    app = compose()["services"]["app"]
    assert app["read_only"]
    assert app["cap_drop"] == ["ALL"]


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    [user] = of_kind("USER")
    assert user.split(":")[0] not in ("0", "root")
    assert not re.search(r"secret_keys|password|://[^ ]*@", DOCKERFILE.read_text(), re.IGNORECASE)


def test_only_what_the_image_copies_reaches_the_engine() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert let_in == {source for source, _ in copies()}
    assert not any(fnmatch(name, rule) for rule in let_in for name in ("data", ".git", ".env", "deploy"))


def copies() -> list[tuple[str, str]]:
    """What is copied from the project: each source and its destination."""
    pairs = [rest.split() for rest in of_kind("COPY") if not rest.startswith("--from")]
    return [(source, target) for *sources, target in pairs for source in sources]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The image's folder as its COPY steps leave it, with the installed packages and built pages."""
    root = tmp_path / "image"
    root.mkdir()
    for source, target in copies():
        there = root / target / (source if target == "./" else "")
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("__pycache__", "external"))
        else:
            shutil.copy(ROOT / source, there)
    (root / ".venv").symlink_to(Path(sys.prefix))
    for kept in re.findall(r"! -name (\w+)", DOCKERFILE.read_text()):
        shutil.copytree(ROOT / ".web" / kept, root / ".web" / kept)
    return root


@pytest.fixture
def container(image: Path, tmp_path: Path) -> Generator["tuple[subprocess.Popen[bytes], str, Path]"]:
    """The start command of the image, with secrets as files; pages, packages and code are read-only."""
    secrets, log = tmp_path / "secrets", tmp_path / "log"
    secrets.mkdir()
    (secrets / "AUTOGRAPH_SECRET_KEYS").write_text(f"{SECRET}\n")
    (secrets / "SMTP_URL").write_text("folder\n")
    port = free_port()
    given = {
        "PORT": str(port),
        "AUTOGRAPH_BASE_URL": "https://accounts.northwind.dev",
        "AUTOGRAPH_DATA_DIR": str(tmp_path / "data"),
        SECRETS_DIR: str(secrets),
    }
    [entry], [command] = of_kind("ENTRYPOINT"), of_kind("CMD")
    path = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*yaml.safe_load(entry), *yaml.safe_load(command)],
            cwd=image,
            env=path | image_environment() | given,
            stdout=output,
            stderr=output,
        )
    yield process, f"http://127.0.0.1:{port}", log
    process.terminate()
    process.wait(20)


def test_the_start_command_of_the_image_serves_and_writes_nothing_beside_its_data(
    container: "tuple[subprocess.Popen[bytes], str, Path]", image: Path
) -> None:
    before = _files(image)
    process, url, log = container
    deadline = time.monotonic() + _START_SECONDS
    while not _serves(url):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    assert httpx.get(f"{url}/login").status_code == 200
    [check] = [json for json in of_kind("HEALTHCHECK") if json]
    probe = yaml.safe_load(check.partition("CMD ")[2])
    environment = {"PORT": url.rpartition(":")[2]}
    assert subprocess.run(probe, cwd=image, env=environment, check=False).returncode == 0
    assert subprocess.run(probe, cwd=image, env={"PORT": "1"}, capture_output=True, check=False).returncode
    assert _files(image) == before


def _serves(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/ready", timeout=2).is_success
    return False


def _files(folder: Path) -> set[str]:
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {str(file) for file in files if ".venv" not in file.parts}
