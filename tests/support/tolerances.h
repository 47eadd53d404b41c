// Bounds of the numeric tests, each with its reason.
#pragma once

// --- branches and their training ---
// chunked against token by token in float64: a trial of the formulas gave 1.1e-15
inline constexpr double kBranchFloat64 = 1e-12;
// fp32 projections, norms and recurrence over some 70 tokens, relative to the largest value
inline constexpr double kBranchFloat32 = 2e-5;
// bf16 projections have 8 bits; errors of several products add up (4e-3 for the recurrence alone)
inline constexpr double kBranchBfloat16 = 4e-2;
// gradients pass two norms and the recurrence twice
inline constexpr double kBranchGradientFloat32 = 1e-4;
inline constexpr double kBranchGradientBfloat16 = 8e-2;
// the same formula twice in float64
inline constexpr double kAdamWFloat64 = 1e-12;
// fp32 sums in another order, then six steps of Adam, which magnifies small gradients
inline constexpr double kAlignGroups = 1e-3;
// central differences with step 1e-5 in float64: truncation and rounding are both near 1e-10
inline constexpr double kFiniteDifference = 1e-7;

// --- gate engine ---
// gate gradients against central differences in float64
inline constexpr double kGateGradient = 1e-7;
// trained separable gates against the closed form: AdamW at a small rate circles the optimum
inline constexpr double kClosedFormGate = 1e-3;

// --- jobs ---
// float64 models: the same sums over some 60 words and 30 rows in another order
inline constexpr double kPlanScores = 1e-11;
// the same, kept as fp32 per sequence
inline constexpr double kPlanScoresFloat32 = 1e-6;
// one-sided differences with step 1e-4 of exact gradients miss the second derivative by half a step of the third, which
// is some hundred times larger in the tiny model; the reference's central differences are good to 1e-4
inline constexpr double kCurvature = 1e-2;
// fp32 softmax over some 60 words against float64
inline constexpr double kHeadLossFloat32 = 2e-6;
// losses of whole fp32 models against float64 loops over their logits
inline constexpr double kJobLossFloat32 = 1e-5;
// gates are kept as fp32 in the run file, gradients too; one AdamW step at lr 2e-2 scales their rounding down
inline constexpr double kStoredGate = 1e-5;

// --- decoder ---
// fp32 logits up to 5 against `transformers`: the bound of the product's requirements; order of summation gives 1e-5
inline constexpr double kLogitsFloat32 = 2e-4;
// the same with bf16 weights and activations: 8 bits in every product of two or three layers
inline constexpr double kLogitsBfloat16 = 0.2;
// fp32 products of some 600 terms against float64, relative to the largest element
inline constexpr double kProductFloat32 = 2e-6;
// SmolLM2-135M after 30 layers in fp32 (8e-5 measured); KL is of second order in the logit errors
inline constexpr double kSmollm2Logits = 5e-4;
inline constexpr double kSmollm2Kl = 1e-6;

// --- CPU kernels ---
// fp32 throughout against float64, relative l2: 2.4e-7 measured
inline constexpr double kKernelForward = 2e-6;
// gradients pass the recurrence twice and dg, dbeta subtract sums of dk products: some 2^-24 * sqrt(4 * 256) = 2e-6
inline constexpr double kKernelGradient = 5e-6;
// the recurrence with and without checkpoints rounds differently in fp32 (some 1e-7 a layer)
inline constexpr double kSameForwardFloat32 = 1e-5;

// --- export ---
// an exported hybrid in fp32 under transformers against the hybrid in float64: the product's requirement
inline constexpr double kExportTransformers = 1e-4;
// lowest of any position with weights rounded to bf16: 0.99987 measured on a random model, which amplifies rounding
// more than trained ones do (those are held to 0.9999)
inline constexpr double kExportBfloat16Cosine = 0.9995;
