#!/usr/bin/env bash
# Fetches servers of other versions from Debian and unpacks them into a folder. Nothing is installed: each
# server is started by the dynamic linker of its own suite, with the libraries of that suite beside it.
#
#   scripts/servers.sh [folder]            the folder is target/servers by default
#   DEBIAN_MIRROR=http://... scripts/servers.sh
#
# For each server there is then <folder>/<name>/redis-server, which goes into -Dredis.server. Needs apt-get and
# dpkg-deb (Debian, Ubuntu), not root. Packages are verified by apt against the Debian keyring.
set -euo pipefail

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
folder=$(mkdir -p "${1:-target/servers}" && cd "${1:-target/servers}" && pwd)
libraries=(libc6 libgcc-s1 libstdc++6 libatomic1 libjemalloc2 liblzf1 libssl3t64 libsystemd0 libcap2 zlib1g libzstd1)

# fetch <name> <suite> <redis or valkey>
fetch() {
	local name=$1 suite=$2 kind=$3
	local target=$folder/$name apt=$folder/apt-$suite
	if [[ -x $target/redis-server ]]; then
		report "$name"
		return
	fi
	rm -rf "$target"
	mkdir -p "$apt"/{lists/partial,cache/archives/partial} "$target/debs" "$target/root"
	echo "deb [signed-by=$keyring] $mirror $suite main" > "$apt/sources.list"
	: > "$apt/status"
	local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$apt"
		-o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
	apt-get "${options[@]}" update
	(cd "$target/debs" && apt-get "${options[@]}" download "$kind-server" "$kind-tools" "${libraries[@]}")
	local package
	for package in "$target"/debs/*.deb; do
		dpkg-deb -x "$package" "$target/root"
	done
	rm -r "$target/debs"
	local linker libraries_folder
	linker=$(cd "$target" && find root -name 'ld-linux-*.so.*' | head -n 1)
	libraries_folder=$(cd "$target" && dirname "$(find root -name libjemalloc.so.2)")
	# It becomes the server itself, so that signals to the process that is started reach the server.
	cat > "$target/redis-server" <<-SCRIPT
		#!/bin/sh
		here=\$(dirname "\$0")
		exec "\$here/$linker" --inhibit-cache --library-path "\$here/$libraries_folder" --argv0 redis-server \\
			"\$here/root/usr/bin/$kind-server" "\$@"
	SCRIPT
	chmod +x "$target/redis-server"
	report "$name"
}

report() {
	echo "$folder/$1/redis-server: $("$folder/$1/redis-server" --version)"
}

fetch redis-8 trixie redis
fetch valkey-8 trixie valkey
fetch valkey-9 sid valkey
