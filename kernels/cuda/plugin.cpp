// Loading this library is its whole effect: it links LibTorch's CUDA half, whose registrars then serve the dispatcher.
extern "C" int flashmorph_cuda_abi() { return 1; }
