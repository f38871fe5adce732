"""A web server that says which interpreter it runs on and where it found what it needs."""

import json
import os
import sys

import markupsafe
from greeting import greet
from markupsafe import _speedups
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response


@Request.application
def application(request):
    """Answers every request."""
    found = {
        "greeting": greet(request.args.get("name", "<world>")),
        "argv": sys.argv,
        "executable": sys.executable,
        "prefix": sys.prefix,
        "version": sys.version_info[:2],
        "markupsafe": markupsafe.__file__,
        "native": _speedups.__file__,
        "cwd": os.getcwd(),
        "path": sys.path,
        "uid": os.getuid(),
    }
    return Response(json.dumps(found), mimetype="application/json")


if __name__ == "__main__":
    run_simple("127.0.0.1", int(os.environ["PORT"]), application)
