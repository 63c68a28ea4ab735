# shellcheck shell=bash disable=SC2154
# fmt, lint and docs: form rather than behaviour.

sources() { git ls-files '*.c' '*.h' '*.cpp'; }

format() {
  # shellcheck disable=SC2046
  clang-format-22 -i $(sources)
}

lint() {
  local status=0 file
  mkdir -p build
  say "formatting"
  # shellcheck disable=SC2046
  if ! clang-format-22 --dry-run -Werror $(sources) 2>build/lint.log; then
    grep -oE '^[^:]+' build/lint.log | sort | uniq -c | grep -v '\^' | head -20
    say "formatting differs; to fix it: scripts/dev fmt"
    status=1
  fi
  say "whitespace"
  if git grep -nIE '[[:space:]]+$' -- ':!*.txt' ':!LICENSE.TXT' ':!*.patch'; then
    say "spaces at the end of lines; delete them"
    status=1
  fi
  say "includes, labels"
  for file in test/layers/*.py; do
    python3 "$file" || status=1
  done
  return $status
}

# docs: pages of dialects and passes, as the TableGen files describe them.
generate_docs() {
  local out=docs/generated include td page
  include=(-I "$root" -I "$(llvm-config-22 --includedir)")
  mkdir -p $out/dialects $out/passes
  rm -f $out/dialects/* $out/passes/*
  for td in dialects/*/IR/*Ops.td; do
    page=$(basename "$td" Ops.td)
    # The file that is named after its dialect includes the families beside it.
    [ "$page" = "$(basename "$(dirname "$(dirname "$td")")")" ] || continue
    mlir-tblgen-22 -gen-dialect-doc -dialect "$(tr '[:upper:]' '[:lower:]' <<<"$page")" "${include[@]}" "$td" \
      -o "$out/dialects/$page.md"
  done
  for td in passes/*/*/*.td; do
    mlir-tblgen-22 -gen-pass-doc "${include[@]}" "$td" -o "$out/passes/$(basename "$td" .td).md"
  done
  say "wrote $(find $out -name '*.md' | wc -l) pages below $out"
}
