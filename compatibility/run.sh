#!/usr/bin/env bash
# Builds the starter once, with the versions of the build, and runs it unchanged with other ones. For each row of the
# table that it prints (and leaves in compatibility/target/table.md) it runs, on real servers, one of
#
#   bare    the application in this folder, with nothing but the starter
#   full    the same with the web, the actuator, Reactor, Lettuce and a Redis connection of its own
#   nodes   the tests of nodes, as they were compiled for the versions of the build
#
#   compatibility/run.sh                   every row
#   compatibility/run.sh '^3.5'            rows whose label matches; each label is printed before its row is run
#
#   JAVA_HOMES   JDKs to run with, separated by spaces; the one of the build, unless given
#   SERVERS      the folder that scripts/servers.sh has made; target/servers, unless given
set -euo pipefail
cd "$(dirname "$0")"

filter=${1:-.}
boots=(3.5.16 4.0.9 4.1.2)
newest=4.1.2
jedis=8.0.2
own_java=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
read -r -a homes <<< "${JAVA_HOMES:-$own_java}"
servers=$(realpath -m "${SERVERS:-../target/servers}")
# What is built here goes into no repository that anybody else uses.
maven=(../mvnw -Dmaven.repo.local="$PWD/target/repository"
	-Dmaven.repo.local.tail="${MAVEN_REPOSITORY:-$HOME/.m2/repository}")
failed=0

mkdir -p target/logs
table=target/table.md

# run <java home> <boot> <bare, full or nodes> <server or nothing> <option of Maven>...
run() {
	local home=$1 boot=$2 kind=$3 server=$4
	shift 4
	local label="$boot java-$(basename "$home") $kind ${server:+$(basename "$(dirname "$server")")} $*"
	[[ $label =~ $filter ]] || return 0
	echo "$label" >&2
	local log="$PWD/target/logs/${label//[^A-Za-z0-9.-]/_}.log" versions=$PWD/target/versions
	rm -f "$versions"
	local options=("-Dspring-boot.version=$boot" "-DargLine=-Dversions.file=$versions${server:+ -Dredis.server=$server}")
	case $kind in
		bare) options+=(-Dbare) ;;
		nodes) options+=(-Pnodes) ;;
	esac
	local result=passed
	JAVA_HOME=$home "${maven[@]}" "${options[@]}" "$@" test > "$log" 2>&1 || result="FAILED, see $log"
	[[ $result == passed ]] || failed=1
	local count
	count=$(sed -nE 's/^\[[A-Z]+\] Tests run: ([0-9]+),.*Skipped: ([0-9]+)$/\1 \2/p' "$log" |
		awk '{ run += $1; skipped += $2 } END { printf "%d%s", run, skipped ? " (" skipped " skipped)" : "" }')
	echo "| $(cat "$versions" 2> /dev/null || echo "$boot | | | | |") | $kind | $count $result |" | tee -a "$table"
}

JAVA_HOME=$own_java ../mvnw "${maven[@]:1}" -q -f .. install -DskipTests -pl redlock-spring-boot-starter -am

{
	echo "| Spring Boot | Java | Spring Data Redis | Jedis | Lettuce | server | tests | result |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
} | tee "$table"

for boot in "${boots[@]}"; do
	run "$own_java" "$boot" bare ""
	for home in "${homes[@]}"; do
		run "$home" "$boot" full ""
	done
	run "$own_java" "$boot" nodes ""
done
for kind in full nodes; do
	run "$own_java" "$newest" $kind "" "-Djedis.version=$jedis"
	for server in "$servers"/*/redis-server; do
		if [[ -x $server ]]; then
			run "$own_java" "$newest" $kind "$server"
		fi
	done
done
exit $failed
