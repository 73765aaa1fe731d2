"""The chart renders, and refuses values it does not know."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.gotools import go_tool

CHART = Path(__file__).resolve().parents[2] / "helm"


@pytest.fixture(scope="module")
def helm() -> Path:
    return go_tool("helm")


def template(helm: Path, *values: str) -> subprocess.CompletedProcess[str]:
    sets = [part for value in values for part in ("--set", value)]
    command = [str(helm), "template", "test", str(CHART), *sets]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def rendered(helm: Path, *values: str) -> dict[str, Any]:
    done = template(helm, *values)
    assert done.returncode == 0, done.stderr
    return {item["kind"]: item for item in yaml.safe_load_all(done.stdout) if item}


@pytest.mark.slow
def test_it_lints(helm: Path) -> None:
    done = subprocess.run([str(helm), "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_pod_is_locked_down_and_has_no_variables_of_kubernetes(helm: Path) -> None:
    pod = rendered(helm)["Deployment"]["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.slow
def test_every_variable_it_sets_is_a_setting(helm: Path) -> None:
    from bot.settings.files import PREFIX
    from bot.settings.values import Settings

    given = ("weaviate.url=http://weaviate:8080", "model.name=m", "model.baseUrl=http://m/v1")
    pod = rendered(helm, *given, "metrics.port=9464", "checkpoints.existingClaim=kept")
    (container,) = pod["Deployment"]["spec"]["template"]["spec"]["containers"]
    names = {item["name"] for item in container["env"]}
    assert names == {n for n in names if n.removeprefix(PREFIX).lower() in Settings.model_fields}
    assert len(names) == 11


@pytest.mark.slow
def test_metrics_and_checkpoints_have_a_place_where_they_are_asked_for(helm: Path) -> None:
    pod = rendered(helm)["Deployment"]["spec"]["template"]["spec"]
    assert [port["name"] for port in pod["containers"][0]["ports"]] == ["http"]
    assert "checkpoints" not in {volume["name"] for volume in pod["volumes"]}
    source = "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring"
    chart = rendered(helm, "metrics.port=9464", source, "checkpoints.existingClaim=kept")
    pod = chart["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    env = {item["name"]: item["value"] for item in container["env"]}
    assert {"name": "metrics", "containerPort": 9464} in container["ports"]
    assert (env["FOOTNOTE_METRICS_HOST"], env["FOOTNOTE_METRICS_PORT"]) == ("0.0.0.0", "9464")
    assert {"name": "checkpoints", "mountPath": env["FOOTNOTE_CHECKPOINT_FOLDER"]} in container["volumeMounts"]
    assert {"name": "checkpoints", "persistentVolumeClaim": {"claimName": "kept"}} in pod["volumes"]
    assert chart["NetworkPolicy"]["spec"]["ingress"] == [
        {
            "ports": [{"port": "metrics", "protocol": "TCP"}],
            "from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        }
    ]


@pytest.mark.slow
def test_the_ingress_leads_to_both_platforms(helm: Path) -> None:
    ingress = rendered(helm, "ingress.enabled=true", "ingress.host=bot.example")["Ingress"]
    paths = {path["path"] for path in ingress["spec"]["rules"][0]["http"]["paths"]}
    assert paths == {"/slack/events", "/slack/install", "/slack/oauth_redirect", "/teams/messages"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nonsense=1", "additional properties 'nonsense'"),
        ("image.repo=x", "additional properties 'repo'"),
        ("ingress.enabled=true", "/ingress/host"),
        ("weaviate.url=weaviate:8080", "/weaviate/url"),
        ("weaviate.url=https://user:word@weaviate:8443", "/weaviate/url"),
        ("model.baseUrl=https://user:word@models.example/v1", "/model/baseUrl"),
        ("persistence.size=lots", "/persistence/size"),
        ("syncEverySeconds=-1", "/syncEverySeconds"),
        ("image.digest=latest", "/image/digest"),
        ("networkPolicy.egress=1", "additional properties 'egress'"),
    ],
)
def test_it_refuses_what_it_does_not_know(helm: Path, value: str, said: str) -> None:
    done = template(helm, value)
    assert done.returncode != 0
    assert said in done.stderr


def _ports(rules: list[dict[str, Any]]) -> list[str]:
    return [f"{port['port']}/{port['protocol']}" for rule in rules for port in rule["ports"]]


@pytest.mark.slow
def test_nothing_reaches_the_pod_and_it_reaches_little(helm: Path) -> None:
    made = rendered(helm)
    policy = made["NetworkPolicy"]["spec"]
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert not policy["ingress"]
    assert _ports(policy["egress"]) == ["53/UDP", "53/TCP", "443/TCP"]


@pytest.mark.slow
def test_the_policy_follows_what_is_set_up(helm: Path) -> None:
    policy = rendered(
        helm,
        "ingress.enabled=true",
        "ingress.host=bot.example",
        "networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.name=ingress",
        "weaviate.url=http://weaviate:8080",
        "model.baseUrl=https://models.example/v1",
        "networkPolicy.extraEgress[0].ports[0].port=5432",
        "networkPolicy.extraEgress[0].ports[0].protocol=TCP",
    )["NetworkPolicy"]["spec"]
    (way_in,) = policy["ingress"]
    assert (_ports([way_in]), len(way_in["from"])) == (["http/TCP"], 1)
    assert _ports(policy["egress"]) == ["53/UDP", "53/TCP", "443/TCP", "8080/TCP", "50051/TCP", "5432/TCP"]
    assert "NetworkPolicy" not in rendered(helm, "networkPolicy.enabled=false")


@pytest.mark.slow
def test_a_digest_names_the_image(helm: Path) -> None:
    digest = "sha256:" + "0" * 64
    (container,) = rendered(helm, f"image.digest={digest}")["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"footnote@{digest}"
