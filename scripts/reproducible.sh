#!/usr/bin/env bash
# Builds the committed state twice, in two folders with names of different length, and compares every artifact by its
# checksum: jars, published poms, bills of materials. Prints the checksums, or what differs and then fails.
#
#   scripts/reproducible.sh                  the commit that is checked out
#   scripts/reproducible.sh v0.1.0           another commit or tag
#   scripts/reproducible.sh HEAD -ntp        further options of Maven; with -o there are no bills of materials
set -euo pipefail
cd "$(dirname "$0")/.."

commit=$(git rev-parse --verify "${1:-HEAD}^{commit}")
shift || true
work=target/reproducible
rm -rf "$work"
mkdir -p "$work"

# build <folder> <option of Maven>...
build() {
	local copy=$work/$1
	shift
	git clone -q --no-checkout . "$copy"
	git -C "$copy" checkout -q --detach "$commit"
	(cd "$copy" && ./mvnw -q -Prelease package -DskipTests "$@")
	(cd "$copy" && find . -path '*/target/*' \( -name '*.jar' -o -name '.flattened-pom.xml' -o -name '*-cyclonedx.*' \) \
		-type f -not -path '*/classes/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) > "$copy.sha256"
}

build one "$@"
build another-one "$@"

for needed in starter autoconfigure; do
	for kind in .jar -sources.jar -javadoc.jar -cyclonedx.json -cyclonedx.xml; do
		if ! grep -q "/redlock-spring-boot-$needed-[0-9][A-Za-z0-9.]*\(-SNAPSHOT\)\?$kind\$" "$work/one.sha256"; then
			echo "redlock-spring-boot-$needed has no artifact that ends in $kind" >&2
			exit 1
		fi
	done
done
if ! grep -q -- '-contract\.jar$' "$work/one.sha256"; then
	echo "redlock-spring-boot-autoconfigure has no jar of the contract of its nodes" >&2
	exit 1
fi
if ! diff "$work/one.sha256" "$work/another-one.sha256"; then
	echo "The builds in $work/one and $work/another-one of commit $commit differ, see above." >&2
	exit 1
fi
cat "$work/one.sha256"
echo "$(wc -l < "$work/one.sha256") artifacts of commit $commit are the same in both builds."
