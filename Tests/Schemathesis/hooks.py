"""What OpenAPI has no words for: parts of a request that exclude or need each other."""

import os
import re

import schemathesis

# Read by check.sh from the node under test.
CLUSTER = os.environ["CLUSTER"]
INVITATION = os.environ["INVITATION"]
SETTINGS = {"history.keep": "30d", "history.revisions": "100", "history.bytes": "64M"}


@schemathesis.hook
def before_call(ctx, case, kwargs):
    method, headers, body = case.method.upper(), case.headers or {}, case.body
    # Only one cluster answers; every name that is well formed stands for it.
    if re.fullmatch("[^/]+(/[^/]+)?", headers.get("PDB-Expect-Cluster", "")):
        headers["PDB-Expect-Cluster"] = CLUSTER
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # They exclude each other.
    if method != "GET" and "If-Match" in headers and "If-None-Match" in headers:
        del headers["If-None-Match"]
    # Many pairs cannot be set under one condition.
    if case.path == "/set" and isinstance(body, dict) and "pairs" in body:
        headers.pop("If-Match", None)
        headers.pop("If-None-Match", None)
    # One of the two must be there.
    if case.path == "/pair" and method == "GET":
        if not {"key", "key_b64"} & set(case.query or {}):
            case.query = {**(case.query or {}), "key": "a"}
    # The word of a member is needed.
    if case.path == "/cluster/admissions" and method == "POST" and isinstance(body, dict):
        case.body = {**body, "invitation": INVITATION}
    # What a value may be depends on the name in the path.
    if case.path == "/cluster/settings/{name}" and method == "PUT" and isinstance(body, dict):
        name = case.path_parameters["name"]
        if name in SETTINGS:
            case.body = {"value": SETTINGS[name]}
