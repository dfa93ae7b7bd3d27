#!/bin/bash
# Packs Sluice, what it depends on and the Node of this machine into one archive for `spark-submit --archives`, so that
# nothing has to be installed on the executors. They need the same operating system and processor as this machine. Run it
# in a clone, after npm ci and npm run build.
#
#   examples/spark/pack.sh sluice.tar.gz
set -euo pipefail
archive=$(realpath "${1:-sluice.tar.gz}")
cd "$(dirname "$0")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
cp "$(node -p process.execPath)" "$folder/bin/node"
cat > "$folder/bin/sluice" <<'END'
#!/bin/sh
bin=$(dirname "$0")
exec "$bin/node" "$bin/../dist/src/cli.js" "$@"
END
chmod 755 "$folder/bin/sluice"

# Only what runs: no tools of development, no tests, nothing that only editors and debuggers read.
modules=$(npm ls --omit=dev --all --parseable | sed -En "s:^$PWD/(node_modules/(@[^/]+/)?[^/]+)$:\1:p")
# shellcheck disable=SC2086 # names of packages have no blanks
tar -cf "$folder/sluice.tar" --exclude='*.map' --exclude='*.d.*ts' package.json LICENSE configs dist/src $modules
tar -rf "$folder/sluice.tar" -C "$folder" bin
gzip -c "$folder/sluice.tar" > "$archive"
