# shellcheck shell=bash disable=SC2154
# test: everything that can fail, with one line at the end that counts.

# run_lit NAME [VARIABLE=VALUE ...]: all RUN lines; adds to passed and failed.
run_lit() {
  say "lit $1"
  local report=build/dev/test/lit.json status=0
  env "${@:2}" lit-22 --print-result-after=failed --test-output=failed --no-progress-bar -j "$jobs" \
    -o "$report" build/dev/test || status=$?
  count_lit "$report" $status
}

count_lit() {
  local counts
  counts=$("$venv/bin/python" - "$1" <<'PYTHON'
import json, sys
codes = [t["code"] for t in json.load(open(sys.argv[1]))["tests"]]
good = sum(c in ("PASS", "XFAIL", "FLAKYPASS") for c in codes)
skipped = sum(c in ("UNSUPPORTED", "SKIPPED", "EXCLUDED") for c in codes)
print(good, len(codes) - good - skipped, skipped)
PYTHON
) || counts="0 1 0"
  add_counts "$counts" "$2"
}

run_ctest() {
  say "ctest"
  local report=$root/build/dev/test/ctest.xml status=0 counts
  rm -f "$report"
  ctest --test-dir build/dev --output-on-failure --output-junit "$report" -j "$jobs" || status=$?
  counts=$("$venv/bin/python" - "$report" <<'PYTHON'
import sys, xml.etree.ElementTree as xml
suite = xml.parse(sys.argv[1]).getroot()
total, bad, left = (int(suite.get(k, 0)) for k in ("tests", "failures", "skipped"))
print(total - bad - left, bad, left)
PYTHON
) || counts="0 1 0"
  add_counts "$counts" $status
}

# add_counts "PASSED FAILED SKIPPED" STATUS: a run that failed without a failing test failed all the same.
add_counts() {
  local good bad left
  read -r good bad left <<<"$1"
  [ "$2" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
}

run_tests() {
  local all=no
  case ${1:-} in
    --all) all=yes ;;
    "") ;;
    *) fail "test takes nothing or --all, but got '$1'" ;;
  esac
  build dev
  passed=0 failed=0 skipped=0
  run_ctest
  run_lit "as written" PLEAT_HEAVY="$([ $all = yes ] && echo 1 || echo 0)"
  run_lit "with round trips" PLEAT_ROUND_TRIP=1
  [ $all = yes ] || say "left out: heavy suites (scripts/dev test --all)"
  [ "$skipped" -eq 0 ] || say "skipped $skipped; the notes above say why"
  [ "$failed" -eq 0 ] ||
    say "run one test: lit-22 -v build/dev/test --filter NAME, or ctest --test-dir build/dev -R NAME --output-on-failure"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
