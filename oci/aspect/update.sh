#!/usr/bin/env bash
# Writes the plugins of the other languages from go_image.star. The tests here fail where one is not what this makes of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for language in cc java js py rust; do
  sed "s/^LANGUAGE = \"go\"\$/LANGUAGE = \"$language\"/" go_image.star >"${language}_image.star"
done
