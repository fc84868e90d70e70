#!/usr/bin/env bash
# Builds the reference documentation of the SDK into .build/docs, and fails when something public has no sentence or a
# link leads nowhere. Needs what `swift build` made, and no network.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(swift build --show-bin-path)
modules=$bin/Modules
toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
triple=$(swift -print-target-info | sed -n 's/.*"triple": "\([^"]*\)".*/\1/p' | head -n 1)
graphs=.build/docs/graphs
rm -rf .build/docs
includes=()
for map in "$bin"/*.build/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap \
    .build/checkouts/*/Sources/*/module.modulemap; do
    [ -f "$map" ] && includes+=(-Xcc "-fmodule-map-file=$map")
done
for module in Apus ApusTesting ApusHummingbird ApusEmbedded ApusEmbeddedDashboard ApusMacros; do
    mkdir -p "$graphs/$module"
    "$toolchain/swift-symbolgraph-extract" -module-name "$module" -I "$modules" -target "$triple" \
        -minimum-access-level public -skip-inherited-docs -skip-synthesized-members "${includes[@]}" \
        -output-dir "$graphs/$module"
    catalogue=Sources/$module/$module.docc
    [ -d "$catalogue" ] || catalogue=""
    "$toolchain/docc" convert ${catalogue:+"$catalogue"} --additional-symbol-graph-dir "$graphs/$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
        --diagnostics-file "$graphs/$module/diagnostics.json" --output-path ".build/docs/$module.doccarchive" >/dev/null
    # Extensions of other modules' types are in graphs of their own.
    python3 Scripts/check-documentation.py "$graphs/$module"/*.json
    echo ".build/docs/$module.doccarchive"
done
