#!/usr/bin/env bash
# One study of SmolLM2-135M on a GPU: branches in both forms, gates in both modes, baselines, recovery, generation.
# Prints the figures that core/engine/README.md lists beside those of the PyTorch trial.
#   smollm2_study.sh FLASHMORPH MODEL.gguf TEXT STUDY_FOLDER
set -euo pipefail
fm=$1 model=$2 text=$3 study=$4
run() { # <label> <arguments>: the result on stdout, its time, errors only
  local label=$1 start end
  shift
  start=$(date +%s.%N)
  echo "=== $label: flashmorph $*"
  # What follows a failed step would measure an older run or hybrid in its place: stop.
  "$fm" --device cuda --quiet --study "$study" "$@" || { echo "FAILED ($?)"; exit 1; }
  end=$(date +%s.%N)
  awk -v a="$start" -v b="$end" 'BEGIN { printf "--- %.1f s\n", b - a }'
}
tasks=passkey4x8,niah_single_1,niah_single_2
# The trial's probe: five families, of which two are passkeys. Its "in KL" is the mean over the families.
measure() { # <label> <what to measure>
  local label=$1
  shift
  run "$label, 1K" probe --tasks "$tasks" --lengths 1024 --sequences 24 --seed 77 "$@"
  run "$label, 2K" probe --tasks passkey4x8,niah_single_1 --lengths 2048 --sequences 16 --seed 78 "$@"
}
newest_hybrid() { basename "$(ls -td "$study"/hybrids/*/ | head -1)"; }

run "align, exportable" --teacher "$model" --text "$text" align --tasks "$tasks" --steps "${ALIGN_STEPS:-256}" --eval-every 32
measure "teacher" --layers all
measure "all-linear" --layers none
run "gates, paper" gates --mode paper --lengths 2048,4096 --steps 100 --budget 8 --probe-sequences 0
run "gates, default K=8" gates --tasks "$tasks" --lengths 1024,2048 --steps 160 --budget 8 --probe-sequences 6
gates=$(basename "$(ls -t "$study"/runs/*-gates-*.h5 | head -1)" .h5)
measure "gates K=8" --run "$gates"
measure "gates K=4" --run "$gates" --budget 4
measure "uniform-b K=8" --layers 2,6,10,14,17,21,25,29
run "select" select --tasks "$tasks" --lengths 1024 --sequences 12 --budgets 8,4 --text-kl-weight 0.15 \
  --selectors uniform-a,uniform-b,local-error,remove-one,restore-one
run "distill K=8" distill --run "$gates" --tasks "$tasks,niah_multikey_1" --lengths 1024,2048 --steps 100
hybrid=$(newest_hybrid)
measure "recovered K=8" --hybrid "$hybrid"
run "eval, recovered K=8" eval --tasks niah_single_1,niah_single_2 --lengths 1024 --depths 3 --samples 4 --hybrid "$hybrid"
run "eval, teacher" eval --tasks niah_single_1,niah_single_2 --lengths 1024 --depths 3 --samples 4 --layers all
run "distill uniform-b" distill --layers 2,6,10,14,17,21,25,29 --tasks "$tasks,niah_multikey_1" --lengths 1024,2048 --steps 100
measure "recovered uniform-b" --hybrid "$(newest_hybrid)"
run "align, plain" align --form plain --tasks "$tasks" --steps "${PLAIN_STEPS:-64}" --eval-every 32
