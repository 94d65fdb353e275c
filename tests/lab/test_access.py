"""What the lab gives to those who use it."""

from __future__ import annotations


def test_the_admin_may_do_everything(lab, namespace: str) -> None:
    lab.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "a"}})

    found = lab.request("GET", f"/api/v1/namespaces/{namespace}/configmaps")

    assert [item["metadata"]["name"] for item in found["items"]] == ["a"]
