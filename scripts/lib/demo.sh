# shellcheck shell=bash disable=SC2154
# demo: from a bare machine to a story, in one command.

demo() {
  setup
  build release pleat
  local out=build/demo pleat=build/release/bin/pleat model=examples/stories
  mkdir -p $out
  say "pleat compile stories260K_kv.onnx"
  $pleat compile $model/stories260K_kv.onnx -o $out/stories --dim B=1..1 --dim T=1..512 --dim P=0..512 --state 'past_*=present_*'
  say "cc stories.c"
  clang-22 -std=c99 -O2 -I$out $model/stories.c $model/tokenizer.c $out/libstories.a -lm -o $out/tell
  say "tell -w stories.weights \"Once upon a time\""
  echo
  $out/tell -w $out/stories.weights -v $model/tok512.bin "Once upon a time"
  cat <<TEXT

The program and everything it needs: $(du -ch $out/tell $out/stories.weights | tail -1 | cut -f1) in $out.
What to try next:
  $out/tell -w $out/stories.weights -v $model/tok512.bin -t 0.8 -s 7 "The dragon"
  $pleat inspect $out/stories
  $pleat bench $out/stories --dim B=1 --dim T=1 --dim P=128
  $pleat check YOUR_MODEL.onnx
TEXT
}
