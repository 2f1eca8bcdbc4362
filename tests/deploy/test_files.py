"""What lies in ``deploy/``, by the validators that can be installed; nothing is started."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OURS = {"campaign.yaml", "kustomization.yaml", "people.yaml"}
"""Files there that are no objects of Kubernetes."""
SECRET = re.compile(r"PASSWORD|SECRET|AUTH(?!_MODE)|_KEY|TOKEN|CONNECTION_URL")


def tool(name: str, *arguments: str) -> None:
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def documents(*files: Path) -> Iterator[dict[str, Any]]:
    for file in files:
        yield from filter(None, yaml.safe_load_all(file.read_text("utf-8")))


def objects() -> list[dict[str, Any]]:
    return list(documents(*(file for file in MANIFESTS if file.name not in OURS)))


def pods() -> list[dict[str, Any]]:
    """The pod of every object that has one, KubeRay's too."""
    found = []
    for thing in objects():
        spec = thing.get("spec", {})
        groups = [spec, spec.get("headGroupSpec", {}), *spec.get("workerGroupSpecs", [])]
        found += [group["template"]["spec"] for group in groups if "template" in group]
    return found


def pinned(package: str) -> str:
    found = re.search(rf"^{package}==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_dockerfile_passes_its_linter() -> None:
    tool("hadolint", "deploy/Dockerfile")


def test_images_run_as_a_user_without_rights_and_can_be_asked_how_they_are() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    runtime = text[text.index("FROM base AS runtime") :]
    assert re.search(r"^USER 10001:10001$", runtime, re.MULTILINE)
    assert "USER root" not in runtime
    assert "HEALTHCHECK" in runtime
    assert {"cpu", "cuda"} == set(re.findall(r"^FROM runtime AS (\w+)$", text, re.MULTILINE))
    assert text.count("-c constraints.txt") == 2


def test_everything_the_image_is_built_from_is_there() -> None:
    for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines():
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line
    assert "constraints.txt" in (DEPLOY / "Dockerfile.dockerignore").read_text()


def test_compose_files_follow_their_schema() -> None:
    files = [str(file) for file in DEPLOY.glob("compose*.yaml")]
    assert len(files) == 2
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files)


def test_compose_takes_every_secret_from_the_environment() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    names = set(re.findall(r"\$\{(\w+)", text))
    example = (DEPLOY / "example.env").read_text()
    assert {name for name in names if SECRET.search(name)} == {
        "POSTGRES_PASSWORD",
        "PREFECT_AUTH",
        "REVIEW_SECRET",
        "STORE_KEY",
        "STORE_SECRET",
    }
    for name in names - {"AWS_DEFAULT_REGION", "BUCKET"}:
        assert re.search(rf"^#?{name}=", example, re.MULTILINE), f"{name} is not in example.env"
    assert not re.search(r"^[A-Z_]+=.+", example, re.MULTILINE)
    for service in yaml.safe_load(text)["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not SECRET.search(name) or "${" in str(value)


def test_the_review_page_is_reached_through_its_proxy_alone() -> None:
    from editcore.review.app import MOST_BYTES

    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert "ports" not in services["review"]
    assert services["review"]["environment"]["VITRINE_PROXY_SECRET"].startswith("${REVIEW_SECRET")
    assert services["pages"]["environment"] == {"REVIEW_SECRET": "${REVIEW_SECRET}"}
    reached = (DEPLOY / "pages.conf").read_text().split("listen 8081;")[1]
    for name, value in (("X-Forwarded-User", "$remote_user"), ("X-Vitrine-Proxy", '"${REVIEW_SECRET}"')):
        assert f"proxy_set_header {name} {value};" in reached
    assert "auth_basic_user_file" in reached.split("location")[0]
    assert f"client_max_body_size {MOST_BYTES >> 20}m;" in reached

    (page,) = (
        thing for thing in objects() if thing["metadata"]["name"] == "review" and "template" in thing["spec"]
    )
    assert page["spec"]["replicas"] == 1
    assert page["spec"]["strategy"] == {"type": "Recreate"}
    policies = [thing["spec"] for thing in objects() if thing["kind"] == "NetworkPolicy"]
    (policy,) = (spec for spec in policies if spec["podSelector"] == page["spec"]["selector"])
    (rule,) = policy["ingress"]
    assert all("namespaceSelector" in source for source in rule["from"])


def test_both_places_start_the_review_page_alike_and_for_the_shipped_campaign() -> None:
    from editcore.campaign import load_campaign

    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["review"]["command"]
    (pod,) = (pod for pod in pods() if pod["containers"][0]["name"] == "review")
    command = pod["containers"][0]["command"]
    assert command[2] == load_campaign(DEPLOY / "kubernetes" / "campaign.yaml").output
    assert command[:2] + command[3:] == compose[:2] + compose[3:]
    people = [DEPLOY / "people.example.yaml", DEPLOY / "kubernetes" / "people.yaml"]
    assert len({tuple(next(documents(file)).items()) for file in people}) == 1


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("/spring/report.html", False),
        ("/spring/publish/vase__navy.png", False),
        ("/spring/review/", False),
        ("/spring/review/vase__navy.webp", False),
        ("/spring/review/manifest.csv", False),
        ("/spring/decisions/decisions.parquet", True),
        ("/spring/decisions/journal/00000001.json", True),
        ("/spring/runs/2026-11-26/run.json", True),
        ("/spring/.lease", True),
    ],
)
def test_the_insides_of_an_output_are_not_served(path: str, hidden: bool) -> None:
    served = (DEPLOY / "pages.conf").read_text().split("listen 8081;")[0]
    rules = re.findall(r"^ *location ~ (\S+) \{ return 404; \}", served, re.MULTILINE)
    assert len(rules) == 1
    assert any(re.search(rule, path) for rule in rules) is hidden


def test_yaml_is_tidy() -> None:
    tool("yamllint", "--strict", "-c", "deploy/.yamllint", "deploy")


@pytest.mark.parametrize("thing", objects(), ids=lambda thing: f"{thing['kind']}-{thing['metadata']['name']}")
def test_kubernetes_knows_every_field(thing: dict[str, Any]) -> None:
    if not thing["apiVersion"].startswith("ray.io/"):  # whose schema no package brings
        kubernetes_validate.validate(thing, kubernetes_validate.latest_version(), strict=True)


def test_pods_of_ray_too() -> None:
    assert len(pods()) == 5
    for pod in pods():
        whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": pod}
        kubernetes_validate.validate(whole, kubernetes_validate.latest_version(), strict=True)


def test_pods_have_no_rights_they_do_not_need() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_secrets_are_named_and_never_given() -> None:
    secrets = {
        thing["metadata"]["name"]: set(thing["stringData"])
        for thing in objects()
        if thing["kind"] == "Secret"
    }
    for container in (container for pod in pods() for container in pod["containers"]):
        for entry in container.get("env", []):
            if SECRET.search(entry["name"]):
                reference = entry["valueFrom"]["secretKeyRef"]
                assert reference["key"] in secrets[reference["name"]]
        for source in container.get("envFrom", []):
            assert source["secretRef"]["name"] in secrets
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    assert "secrets.example.yaml" not in kustomization["resources"]
    listed = set(kustomization["resources"])
    for generator in kustomization["configMapGenerator"]:
        listed |= set(generator["files"])
    assert listed | {"kustomization.yaml", "secrets.example.yaml"} == {file.name for file in MANIFESTS}


def test_gpus_are_asked_for_by_ray_s_workers_alone() -> None:
    gpus = [
        container["name"]
        for pod in pods()
        for container in pod["containers"]
        if "nvidia.com/gpu" in container["resources"]["limits"]
    ]
    assert gpus == ["ray-worker"]


def test_versions_are_those_of_the_constraints() -> None:
    ray = next(thing for thing in objects() if thing["kind"] == "RayCluster")
    assert ray["spec"]["rayVersion"] == pinned("ray")
    assert next(documents(DEPLOY / "prefect.yaml"))["prefect-version"] == pinned("prefect")


def test_campaigns_that_are_shipped_can_be_read() -> None:
    from editcore.campaign import load_campaign

    assert load_campaign(DEPLOY / "kubernetes" / "campaign.yaml").output.startswith("s3://")
