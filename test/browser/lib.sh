# What the tests with Node.js and a browser share; sourced by their run.

# skip REASON: ends the test without a verdict.
skip() {
    echo "skip $1"
    exit 0
}

need_npm() { command -v node > /dev/null && command -v npm > /dev/null || skip "node or npm is not installed"; }

# The path of a browser; nothing where there is none.
find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# packages FOLDER: those of its lock file, once.
packages() {
    cmp -s "$1/package-lock.json" "$1/node_modules/made-from" && return
    npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=60000 > /dev/null < /dev/null ||
        skip "npm could not get the packages"
    cp "$1/package-lock.json" "$1/node_modules/made-from"
}
