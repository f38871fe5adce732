"""`resource_set`: what an action is scheduled for, by the names that rules_oci has for it.

Bazel takes a function that is defined at the top of a file, so each value has one.
"""

visibility("//oci/...")

def _cpu_2(_os, _inputs):
    return {"cpu": 2}

def _cpu_4(_os, _inputs):
    return {"cpu": 4}

def _mem_512m(_os, _inputs):
    return {"memory": 512}

def _mem_1g(_os, _inputs):
    return {"memory": 1024}

def _mem_2g(_os, _inputs):
    return {"memory": 2 * 1024}

def _mem_4g(_os, _inputs):
    return {"memory": 4 * 1024}

def _mem_8g(_os, _inputs):
    return {"memory": 8 * 1024}

def _mem_16g(_os, _inputs):
    return {"memory": 16 * 1024}

def _mem_32g(_os, _inputs):
    return {"memory": 32 * 1024}

_RESOURCE_SETS = {
    "cpu_2": _cpu_2,
    "cpu_4": _cpu_4,
    "default": None,
    "mem_16g": _mem_16g,
    "mem_1g": _mem_1g,
    "mem_2g": _mem_2g,
    "mem_32g": _mem_32g,
    "mem_4g": _mem_4g,
    "mem_512m": _mem_512m,
    "mem_8g": _mem_8g,
}

RESOURCE_SET_ATTRS = {
    "resource_set": attr.string(
        doc = """What Bazel schedules the laying out of the image for, such as `cpu_2` or `mem_4g`. Rarely of use: it takes
little of either.""",
        default = "default",
        values = _RESOURCE_SETS.keys(),
    ),
}

def resource_set(ctx):
    """The function of a target's `resource_set`.

    Args:
      ctx: the rule's context, with RESOURCE_SET_ATTRS.

    Returns:
      function or None, for ctx.actions.run.
    """
    return _RESOURCE_SETS[ctx.attr.resource_set]
