#!/usr/bin/env bash
# A right that a user lacks, met by a command inside of a Lua script.
#
# Expected: the error of the plain command, which begins with the code NOPERM, so that a client can tell it by its code.
# Happens:  the code is ERR. Redis 7.0.15 says "ERR The user executing the script can't run this command or subcommand"
#           there, and NOPERM for the same command outside of a script. What the script wrote before stays written.
#           A client that looks at the code only takes a lasting lack of a right for an error of this one call.
# Seen on:  Redis 7.0.15 (the static server for Linux in org.signal:embedded-redis:0.9.1, from Maven Central).
# Source:   https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ and the replies below.
#
# Needs bash, a JDK, and unzip or the jar tool of the JDK.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"

"$project/mvnw" -q -f "$project/pom.xml" -N -Dmaven.repo.local="$folder/repository" \
	org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
	-Dartifact=org.signal:embedded-redis:0.9.1 -DoutputDirectory="$folder"
jar xf embedded-redis-0.9.1.jar redis-server-7.0.15-linux-amd64
chmod +x redis-server-7.0.15-linux-amd64
port=27015
./redis-server-7.0.15-linux-amd64 --port "$port" --bind 127.0.0.1 --save '' >server.log &
server=$!
until grep -q 'Ready to accept connections' server.log; do sleep 0.1; done

# One command, as an array of bulk strings; prints the reply's first line.
say() {
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	printf '*%d\r\n' $# >&3
	for argument; do printf '$%d\r\n%s\r\n' "${#argument}" "$argument" >&3; done
	local reply
	read -r reply <&3
	exec 3>&-
	printf '%s\n' "${reply%$'\r'}"
}

script="redis.call('SET', KEYS[1], 'v'); redis.call('PEXPIRE', KEYS[1], 60000); return 0"
seen=$(
	echo "take the right away: $(say ACL SETUSER default -pexpire)"
	echo "plain command:       $(say PEXPIRE key 60000)"
	echo "inside of a script:  $(say EVAL "$script" 1 key)" | sed -E 's/script: [0-9a-f]{40}/script: .../'
	echo "written before:      $(say EXISTS key)"
)
echo "$seen"
diff <(echo "$seen") - <<'OUTPUT'
take the right away: +OK
plain command:       -NOPERM this user has no permissions to run the 'pexpire' command
inside of a script:  -ERR The user executing the script can't run this command or subcommand script: ..., on @user_script:1.
written before:      :1
OUTPUT
