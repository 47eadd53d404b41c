// One token for every sequence, the state updated in place (reference/kernels.md 1.10). GDN reads a block of columns
// twice: once for k S, once to update and to read q S; the block of the second read is still in the first-level cache.
// Lightning needs the second pass only.
#pragma once

#include "kernels/cpu/gdn.h"
#include "kernels/cpu/lightning.h"
#include "kernels/cpu/simd/vec.h"

namespace fm::kernels {
namespace {

struct DecodeHead {
    const float* q;
    const float* k;
    const float* v;
    float* state;
    float* o;
    float decay;
    float beta;
    std::int64_t dk;
    std::int64_t dv;
    float scale;
};

// Element is Vec or float, kCount of them side by side; kDelta chooses between GDN and plain linear attention.
template <typename Element, int kCount, bool kDelta>
inline void decodeColumns(const DecodeHead& head, std::int64_t col) {
    typedef Element Unaligned __attribute__((aligned(4), may_alias));
    constexpr std::int64_t kStep = sizeof(Element) / sizeof(float);
    const auto at = [](float* base, int n) -> Unaligned& { return *reinterpret_cast<Unaligned*>(base + n * kStep); };
    const auto read = [](const float* base, int n) -> Element {
        return *reinterpret_cast<const Unaligned*>(base + n * kStep);
    };
    Element u[kCount];
    Element sum[kCount] = {};
    if constexpr (kDelta) {
        for (std::int64_t i = 0; i < head.dk; ++i) {
            for (int n = 0; n < kCount; ++n) sum[n] += head.k[i] * read(head.state + i * head.dv + col, n);
        }
    }
    for (int n = 0; n < kCount; ++n) {
        u[n] = read(head.v + col, n);
        if constexpr (kDelta) u[n] = head.beta * (u[n] - head.decay * sum[n]);
        sum[n] = Element{};
    }
    for (std::int64_t i = 0; i < head.dk; ++i) {
        float* row = head.state + i * head.dv + col;
        for (int n = 0; n < kCount; ++n) {
            const Element element = head.decay * read(row, n) + head.k[i] * u[n];
            at(row, n) = element;
            sum[n] += head.q[i] * element;
        }
    }
    for (int n = 0; n < kCount; ++n) at(head.o + col, n) = head.scale * sum[n];
}

template <bool kDelta>
inline void decodeHead(const DecodeHead& head) {
    std::int64_t col = 0;
    for (; col + 4 * kVecFloats <= head.dv; col += 4 * kVecFloats) decodeColumns<Vec, 4, kDelta>(head, col);
    for (; col + 2 * kVecFloats <= head.dv; col += 2 * kVecFloats) decodeColumns<Vec, 2, kDelta>(head, col);
    for (; col + kVecFloats <= head.dv; col += kVecFloats) decodeColumns<Vec, 1, kDelta>(head, col);
    for (; col < head.dv; ++col) decodeColumns<float, 1, kDelta>(head, col);
}

void gdnDecodeRange(const GdnDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    const std::int64_t dk = args.shape.dk;
    const std::int64_t dv = args.shape.dv;
    for (std::int64_t pair = first_pair; pair < last_pair; ++pair) {
        decodeHead<true>({args.q_BHk + pair * dk, args.k_BHk + pair * dk, args.v_BHv + pair * dv,
                          args.state_BHkv + pair * dk * dv, args.o_BHv + pair * dv, __builtin_expf(args.g_BH[pair]),
                          args.beta_BH[pair], dk, dv, args.shape.scale});
    }
}

void lightningDecodeRange(const LightningDecode& args, std::int64_t first_pair, std::int64_t last_pair) {
    const std::int64_t dk = args.shape.dk;
    const std::int64_t dv = args.shape.dv;
    for (std::int64_t pair = first_pair; pair < last_pair; ++pair) {
        decodeHead<false>({args.q_BHk + pair * dk, args.k_BHk + pair * dk, args.v_BHv + pair * dv,
                           args.state_BHkv + pair * dk * dv, args.o_BHv + pair * dv,
                           __builtin_expf(args.log_decay_H[pair % args.shape.heads]), 1, dk, dv, args.shape.scale});
    }
}

}  // namespace
}  // namespace fm::kernels
