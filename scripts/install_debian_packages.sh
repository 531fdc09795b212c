#!/usr/bin/env bash
# Programs that the tests speak to: a PACS, DICOM validators, a browser, a reader of PDF, Slurm, a database.
# Installs what is missing, on Debian and its children; elsewhere the tests that need them skip.
set -euo pipefail

packages=(orthanc orthanc-dicomweb dcmtk dicom3tools chromium chromium-driver fonts-nanum poppler-utils
	slurmctld slurmd slurm-client postgresql)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "install_debian_packages: no apt-get here, so nothing was installed: ${packages[*]}"
	exit 0
fi
missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing+=("$package")
done
command -v npm >/dev/null || missing+=(npm) # with which scripts/install_npm_packages.sh fetches
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "install_debian_packages: needs root for ${missing[*]}; run: sudo $0"
	exit 0
fi

# The tests start a server of their own: Debian's shall not run beside it. A package asks this
# script before it starts a service; 101 says no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
for service in orthanc postgresql; do
	if [[ " ${missing[*]} " == *" $service "* ]] && command -v systemctl >/dev/null; then
		systemctl disable --now --quiet "$service" 2>/dev/null || true # nor later
	fi
done
