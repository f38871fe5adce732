"""Whether what a push is to attach belongs to what it pushes: told at analysis, before anything is built or sent."""

load(":content.bzl", "parts_of")

visibility("//oci/...")

def check_referrers(label, image, referrers):
    """Fails if an artifact is not about what is pushed, be it through other artifacts.

    Args:
      label: string. The push, for messages.
      image: OciImageInfo, OciIndexInfo or OciArtifactInfo. What is pushed.
      referrers: list of OciArtifactInfo.
    """
    pushed = {part.digest: part.label for part in parts_of(image)}
    listed = {}
    for artifact in referrers:
        if artifact.digest in listed:
            fail("%s: referrers has %s twice. Take one out." % (label, artifact.label))
        listed[artifact.digest] = artifact
    for artifact in referrers:
        # A subject is there before what is about it: so this leads upwards, and ends.
        subject = artifact.subject
        if not subject:
            fail("%s: referrers has %s, which is about nothing. Set subject = %r on it, or push it by an oci_push of its own." % (
                label,
                artifact.label,
                image.label,
            ))
        if subject.digest in pushed or subject.digest in listed:
            continue
        fail("%s: referrers has %s, which is about %s, and not about what is pushed, %s. Set its subject to %r%s, or attach it by the push of %s." % (
            label,
            artifact.label,
            subject.label + (" as it is built for another platform" if subject.label in pushed.values() else ""),
            image.label,
            image.label,
            " or one of the images in it" if hasattr(image, "index") else "",
            subject.label,
        ))
