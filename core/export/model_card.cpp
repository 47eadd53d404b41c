#include "core/export/model_card.h"

#include <cstdio>

namespace fm {
namespace {

std::string planText(const Plan& plan) {
    std::string text = "F keeps full attention, L is a linear branch, first layer first:\n\n    " + plan.key() +
                       "\n\nFull layers (counted from 0):";
    for (const int layer : plan.fullLayers()) text.append(" ").append(std::to_string(layer));
    if (plan.budget() == 0) text += " none";
    return text + ".\n";
}

const char* loadingCode(const std::string& format) {
    if (format == "qwen3_5") {
        return "    from transformers import AutoModelForCausalLM\n"
               "    model = AutoModelForCausalLM.from_pretrained(\"this folder\")\n";
    }
    return "    import fla  # flash-linear-attention registers the model class\n"
           "    from transformers import AutoModelForCausalLM\n"
           "    model = AutoModelForCausalLM.from_pretrained(\"this folder\").cuda()\n";
}

std::string bullets(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text.append("- ").append(line).append("\n");
    return text;
}

std::string errorText(const LogitError& error) {
    char text[160];
    std::snprintf(text, sizeof text, "largest logit difference %.3g, lowest cosine %.8f, greedy agreement %.1f %%",
                  error.max_abs, error.cosine, 100 * error.greedy_agreement);
    return text;
}

}  // namespace

std::string modelCard(const ExportRequest& request, const Verdict& verdict) {
    const Plan& plan = request.hybrid.plan;
    std::string text = "# Hybrid with " + std::to_string(plan.budget()) + " of " + std::to_string(plan.kinds.size()) +
                       " layers of full attention\n\nMade by FlashMorph Workbench from a Transformer checkpoint.\n\n" +
                       "## Plan\n\n" + planText(plan) + "\n## Loading\n\n" + loadingCode(request.format) + "\n" +
                       bullets(verdict.loaders);
    if (request.tokenizer_folder.empty()) text += "\nThe folder has no tokenizer: take the original model's.\n";
    text += "\n## Verdict: " + std::string(toString(verdict.exactness)) + "\n\n" + bullets(verdict.reasons) +
            bullets(verdict.remarks);
    if (verdict.as_stored) text += "- Against the hybrid, as stored: " + errorText(*verdict.as_stored) + ".\n";
    if (verdict.cast_to_bf16) text += "- With every tensor cast to bf16: " + errorText(*verdict.cast_to_bf16) + ".\n";
    text += "\n`flashmorph verify` checks this folder against logits recorded in it.\n";
    if (!request.lineage.empty()) text += "\n## Made from\n\n";
    for (const auto& [what, which] : request.lineage)
        text.append("- ").append(what).append(": ").append(which).append("\n");
    return text;
}

}  // namespace fm
