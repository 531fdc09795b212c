#!/usr/bin/env bash
# What the tests of pages take from npm, unpacked into .npm/: axe-core, which finds what keeps
# people from reading a page. Nothing of it runs outside a browser, and nothing of it is shipped.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(axe-core@4.14.1)

if ! command -v npm >/dev/null; then
	echo "install_npm_packages: no npm here, so nothing was installed: ${packages[*]}"
	exit 0
fi
for package in "${packages[@]}"; do
	folder=".npm/$package"
	[ -d "$folder" ] && continue
	partial=$(mktemp -d)
	trap 'rm -rf "$partial"' EXIT
	npm pack --silent --pack-destination "$partial" "$package" >/dev/null
	mkdir -p "$(dirname "$folder")"
	tar --extract --gzip --file "$partial"/*.tgz --directory "$partial"
	mv "$partial/package" "$folder"
done
