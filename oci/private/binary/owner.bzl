"""Owners, checked at analysis."""

visibility("//oci/...")

def check_owner(label, owner):
    """Fails unless an owner is `uid:gid` in numbers.

    Args:
      label: string. The target, for messages.
      owner: string.

    Returns:
      string. The owner.
    """
    numbers = owner.split(":")
    if len(numbers) != 2 or not all([number.isdigit() for number in numbers]):
        fail("%s: owner is %r, and must be numbers, `uid:gid` such as \"1000:1000\": which number a name has stands in the image's /etc/passwd, which the build doesn't read." % (label, owner))
    return owner
