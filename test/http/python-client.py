"""Asks a server as a Python script would. Arguments: URL [certificate]. Prints what it saw as JSON."""
import json
import ssl
import sys
import xmlrpc.client as rpc

context = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
server = rpc.ServerProxy(sys.argv[1], allow_none=True, context=context)
saw = {}


def fault(call, *arguments):
    try:
        return call(*arguments)
    except rpc.Fault as error:
        return [error.faultCode, error.faultString]


saw["version"] = server.version()
value = {"text": "käse <&> 😀\n\t", "list": [1, -2.5, True, None, ""], "struct": {"__proto__": {}, "": []}}
echoed = server.echo(value)
saw["echo"] = echoed == {**value, "list": [1, -2.5, True, "~", ""]}
saw["bytes"] = server.echo(rpc.Binary(bytes(range(256)))).data == bytes(range(256))
saw["time"] = server.echo(rpc.DateTime("20250131T13:14:15")).value
saw["i8"] = fault(server.echo, 7)
saw["big"] = len(server.many(20000))
text = "line of a log\n" * 200_000
saw["long"] = server.echo(text) == text
saw["unknown"] = fault(server.nope)
saw["count"] = fault(server.who)
saw["token"] = fault(server.who, "x" * 36)
saw["broken"] = fault(getattr(server, "break"))
many = rpc.MultiCall(server)
many.version()
many.echo("a")
many.peer()
saw["multicall"] = list(many())
saw["methods"] = len(server.system.listMethods()) > 5
server._ServerProxy__transport.encode_threshold = 10  # compress requests
saw["compressed"] = server.echo("x" * 5000) == "x" * 5000
print(json.dumps(saw))
