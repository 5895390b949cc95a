#!/usr/bin/env bash
# Runs every shipped scenario in a debug and in a release build, in processes of their own, with one and two jobs, and
# compares the hashes. `make test` calls it after the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build --product rtcsim >&2
swift build -c release --product rtcsim >&2
debug=.build/debug/rtcsim
release=.build/release/rtcsim
failures=0
passed=0

hashes() { tr ',{' '\n\n' | grep -E '"(traceHash|timingHash)"' | tr -d ' ' || true; }

check() { # what, first hashes, second hashes
  if [ -n "$2" ] && [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failures=$((failures + 1))
    printf 'determinism: %s: hashes differ\n%s\n---\n%s\n' "$1" "$2" "$3" >&2
  fi
}

for file in Models/Scenarios/*.json5 Models/Scenarios/*/*.json5; do
  name=${file#Models/Scenarios/}
  name=${name%.json5}
  options=(--format json)
  grep -q '"\?flows"\?:' "$file" || options+=(--duration 6s)
  if [ "$name" = meeting ]; then options+=(--participants 4); fi
  first=$("$debug" run "$name" "${options[@]}" | hashes)
  check "$name, debug against release" "$first" "$("$release" run "$name" "${options[@]}" | hashes)"
done

cells=(compare --participants 2,4 --duration 6s --format json)
one=$("$release" "${cells[@]}" --jobs 1 | hashes)
check "compare, one job against two" "$one" "$("$release" "${cells[@]}" --jobs 2 | hashes)"
timing() { grep timingHash; }
check "compare, wire against model (timing)" "$("$release" "${cells[@]}" --fidelity wire | hashes | timing)" \
  "$("$release" "${cells[@]}" --fidelity model | hashes | timing)"
# Loss, repair and reordering must not tell the two apart either.
rough=$(mktemp --suffix .json5)
trap 'rm -f "$rough"' EXIT
cat > "$rough" << 'EOF'
{ client: { uplink: { rate: "2M", loss: 0.05, jitter: { max: "30ms", reorder: true } }, downlink: { loss: 0.05 } } }
EOF
rough_cells=(compare "$rough" --participants 3,5 --duration 8s --format json)
check "compare on rough links, wire against model (timing)" \
  "$("$release" "${rough_cells[@]}" --fidelity wire | hashes | timing)" \
  "$("$release" "${rough_cells[@]}" --fidelity model | hashes | timing)"
# Every field of both ends after every moment, with a change in the middle.
steps() { printf 'until ClientHello\nwhat-if drop-next\ngoto 0\nsnapshot\n'; yes $'next\nsnapshot' | head -n 160; echo verify; }
check "step, debug against release, field by field" "$(steps | "$debug" step two-peers | cksum)" \
  "$(steps | "$release" step two-peers | cksum)"
for profile in chromium warp; do
  setups=(setup --loss 10% --runs 50 --profile "$profile" --format json)
  check "setup $profile, debug against release" "$("$debug" "${setups[@]}" | hashes)" "$("$release" "${setups[@]}" | hashes)"
done
matrix=(nat-matrix --pairs open,eim-apdf,apdm-apdf,eim-adf,udp-blocked,open --format json)
check "nat-matrix, debug against release" "$("$debug" "${matrix[@]}" | hashes)" "$("$release" "${matrix[@]}" | hashes)"
congestion=(cc --suite rfc8867 --case 5.3 --controller all --format json)
check "cc, debug against release" "$("$debug" "${congestion[@]}" | hashes)" "$("$release" "${congestion[@]}" | hashes)"
adapted=(run meeting --participants 4 --duration 10s --congestion-control gcc --format json)
check "a session that adapts, debug against release" "$("$debug" "${adapted[@]}" | hashes)" "$("$release" "${adapted[@]}" | hashes)"
other=$("$release" "${cells[@]}" --seed 2 | hashes)
if [ "$one" = "$other" ]; then
  failures=$((failures + 1))
  echo "determinism: another seed gives the same hashes" >&2
else
  passed=$((passed + 1))
fi
echo "determinism: $passed passed, $failures failed"
[ "$failures" = 0 ]
