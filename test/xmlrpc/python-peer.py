"""Python's own XML-RPC codec as a service: one JSON request a line on stdin, one JSON answer a line on stdout.

{"loads": BASE64}                     -> {"method": M, "params": [...]} | {"fault": TEXT}
{"dumps": [VALUE...], "method": M}    -> {"xml": BASE64}        without "method": an answer with one value
Values are the plain JSON of make-documents.py, which keeps the types apart.
"""
import base64
import json
import sys
import xmlrpc.client as rpc

sys.setrecursionlimit(20000)


def canonical(value):
    if value is None:
        return ["nil"]
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["double", repr(value)]
    if isinstance(value, str):
        return ["string", value]
    if isinstance(value, rpc.Binary):
        return ["base64", value.data.hex()]
    if isinstance(value, rpc.DateTime):
        return ["dateTime", value.value]
    if isinstance(value, (list, tuple)):
        return ["array", [canonical(item) for item in value]]
    if isinstance(value, dict):
        return ["struct", [[key, canonical(value[key])] for key in sorted(value, key=str)]]
    raise TypeError(type(value))


def plain(form):
    kind = form[0]
    if kind == "nil":
        return None
    if kind in ("boolean", "string"):
        return form[1]
    if kind == "int":
        return int(form[1])
    if kind == "double":
        return float(form[1])
    if kind == "base64":
        return rpc.Binary(bytes.fromhex(form[1]))
    if kind == "dateTime":
        return rpc.DateTime(form[1])
    if kind == "array":
        return [plain(item) for item in form[1]]
    return {key: plain(item) for key, item in form[1]}


def answer(request):
    if "dumps" in request:
        values = tuple(plain(form) for form in request["dumps"])
        method = request.get("method")
        text = rpc.dumps(values, method, methodresponse=None if method else True, allow_none=True)
        return {"xml": base64.b64encode(text.encode()).decode()}
    try:
        params, method = rpc.loads(base64.b64decode(request["loads"]))
        return {"method": method, "params": [canonical(item) for item in params]}
    except Exception as error:
        kind = type(error)
        return {"fault": f"<class '{kind.__module__}.{kind.__qualname__}'>:{error}".replace("builtins.", "")}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
