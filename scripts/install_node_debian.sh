#!/usr/bin/env bash
# Installs a node on Debian 12 or later: its user, folders, Python environment, Orthanc and systemd units.
# Run as root from a checkout, or with the path of a wheel: scripts/install_node_debian.sh [WHEEL]
# What is there already stays as it is: the same command brings the program up to date.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
wheel=${1:-$root}
user=monai-amyloid
program=/opt/monai-amyloid
config=/etc/monai-amyloid
data=/var/lib/monai-amyloid
packages=(python3 python3-venv orthanc orthanc-dicomweb)

[ "$(id -u)" -eq 0 ] || {
	echo "install_node_debian: needs root; run: sudo $0"
	exit 1
}
command -v apt-get >/dev/null || {
	echo "install_node_debian: no apt-get here, needed Debian or one of its children"
	exit 1
}
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends "${packages[@]}"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "install_node_debian: found $(python3 --version), needed Python 3.11 or later (Debian 12)"
	exit 1
}

getent passwd "$user" >/dev/null || adduser --system --group --home "$data" --no-create-home "$user"
install -d -m 0700 -o "$user" -g "$user" "$data"
install -d -m 0750 -o root -g "$user" "$config"

[ -x "$program/bin/python" ] || python3 -m venv "$program"
"$program/bin/python" -m pip install --quiet --upgrade "${wheel}[node,report]"

# Orthanc answers on this machine alone, as Debian sets it up, and asks for a password; by DICOM it takes what
# scanners and PACS send. Its users stand in the file that Debian has for them; whom it knows already, it keeps.
password=$config/orthanc.password
users=/etc/orthanc/credentials.json
if [ ! -e "$password" ]; then
	(umask 077 && python3 -c 'import secrets; print(secrets.token_urlsafe(24))' >"$password")
	chown "root:$user" "$password"
	chmod 0640 "$password"
	if grep -Eq '^[[:space:]]*"[^"]+"[[:space:]]*:[[:space:]]*"' "$users"; then
		echo "install_node_debian: $users has users already; add one named node with the password in $password"
	else
		(umask 077 && printf '{\n  "AuthenticationEnabled": true,\n  "RegisteredUsers": {"node": "%s"}\n}\n' \
			"$(cat "$password")" >"$users")
		chown orthanc:orthanc "$users"
		chmod 0640 "$users"
	fi
fi
if [ ! -e "$config/node.toml" ]; then
	cat >"$config/node.toml" <<-TOML
		[node]
		data = "$data"
		name = "node"
		title = "MONAI_AMYLOID"

		[orthanc]
		url = "http://127.0.0.1:8042"
		user = "node"
		password_file = "$password"

		# Nothing is sent before a destination is named here:
		# [[destination]]
		# name = "pacs"
		# kind = "dimse"
		# host = "pacs.hospital"
		# port = 104
		# title = "PACS"
		# commitment = true
	TOML
	chown "root:$user" "$config/node.toml"
	chmod 0640 "$config/node.toml"
fi

install -m 0644 "$root"/docs/systemd/*.service "$root"/docs/systemd/*.timer /etc/systemd/system/
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl enable --now orthanc
	systemctl restart orthanc
	systemctl enable --now monai-amyloid-node.service monai-amyloid-backup.timer
else
	echo "install_node_debian: no systemd runs here; start Orthanc, then: $program/bin/monai-amyloid node run $config/node.toml"
fi
echo "installed; name the destinations in $config/node.toml, then: systemctl restart monai-amyloid-node"
