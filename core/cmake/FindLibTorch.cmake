# LibTorch out of a Python wheel, without find_package(Torch): that file insists on nvcc and the CUDA
# toolkit as soon as the wheel is a CUDA build, although the CPU half needs neither.
#   LibTorch::cpu   always       LibTorch::cuda  when libtorch_cuda.so is there
# Hint: -DLibTorch_ROOT=<.../site-packages/torch>, or a virtual environment .venv in the source folder.
if(NOT LibTorch_ROOT)
  file(GLOB _venv ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  if(_venv)
    list(GET _venv 0 LibTorch_ROOT)
  else()
    find_package(Python3 QUIET COMPONENTS Interpreter)
    execute_process(COMMAND ${Python3_EXECUTABLE} -c
      "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0], end='')"
      OUTPUT_VARIABLE LibTorch_ROOT ERROR_QUIET) # finds the folder; does not import torch
  endif()
endif()
set(LibTorch_ROOT "${LibTorch_ROOT}" CACHE PATH "the wheel's torch folder" FORCE)
if(EXISTS "${LibTorch_ROOT}/include/torch/headeronly/version.h")
  file(STRINGS "${LibTorch_ROOT}/include/torch/headeronly/version.h" _v REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9]*([0-9]+)[^0-9]+([0-9]+)[^0-9]+([0-9]+).*" "\\1.\\2.\\3" LibTorch_VERSION "${_v}")
endif()

find_library(LibTorch_CPU torch_cpu PATHS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10 c10 PATHS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_CUDA torch_cuda PATHS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_CUDA c10_cuda PATHS ${LibTorch_ROOT}/lib NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_CPU LibTorch_C10 VERSION_VAR LibTorch_VERSION)

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  add_library(LibTorch::c10 SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10})
  add_library(LibTorch::cpu SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU}
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_ROOT}/include;${LibTorch_ROOT}/include/torch/csrc/api/include"
    INTERFACE_COMPILE_DEFINITIONS "_GLIBCXX_USE_CXX11_ABI=1;USE_DISTRIBUTED"
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
endif()
if(LibTorch_CUDA AND NOT TARGET LibTorch::cuda)
  add_library(LibTorch::c10_cuda SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::c10_cuda PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_CUDA})
  add_library(LibTorch::cuda SHARED IMPORTED GLOBAL)
  set_target_properties(LibTorch::cuda PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CUDA}
    INTERFACE_LINK_LIBRARIES "LibTorch::cpu;LibTorch::c10_cuda"
    # Nothing refers to a symbol of it by name, so without this the linker drops it; unresolved
    # cublas/cudnn/... symbols are the dynamic loader's business, on the machine that has the GPU.
    INTERFACE_LINK_OPTIONS "LINKER:--no-as-needed;LINKER:--allow-shlib-undefined")
endif()
