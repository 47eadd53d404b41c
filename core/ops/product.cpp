#include "core/ops/product.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

namespace fm {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// LibTorch's operator for fused graphs; it is the only public door to oneDNN's fp32 product.
using OneDnnLinear = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                std::string_view, c10::List<std::optional<at::Scalar>>,
                                std::optional<std::string_view>);

const std::optional<c10::TypedOperatorHandle<OneDnnLinear>>& oneDnnLinear() {
    static const std::optional<c10::TypedOperatorHandle<OneDnnLinear>> handle = [] {
        std::optional<c10::TypedOperatorHandle<OneDnnLinear>> found;
        const std::optional<c10::OperatorHandle> schema =
            c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
        if (at::hasMKLDNN() && schema) found = schema->typed<OneDnnLinear>();
        return found;
    }();
    return handle;
}

bool suitsOneDnn(const at::Tensor& a_NK, const at::Tensor& b_MK) {
    return a_NK.is_cpu() && a_NK.scalar_type() == at::kFloat && b_MK.scalar_type() == at::kFloat && a_NK.numel() > 0 &&
           b_MK.numel() > 0 && oneDnnLinear().has_value();
}

at::Tensor oneDnnProduct(const at::Tensor& a_NK, const at::Tensor& b_MK) {
    return oneDnnLinear()->call(a_NK, b_MK, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
}

struct Product : torch::autograd::Function<Product> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& a_NK, const at::Tensor& b_MK) {
        context->save_for_backward({a_NK, b_MK});
        return oneDnnProduct(a_NK, b_MK);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor& gradient_NM = gradients[0];
        variable_list results(2);
        if (context->needs_input_grad(0)) results[0] = product(gradient_NM, saved[1].t());
        if (context->needs_input_grad(1)) {
            results[1] = product(gradient_NM.flatten(0, -2).t(), saved[0].flatten(0, -2).t());
        }
        return results;
    }
};

}  // namespace

at::Tensor product(const at::Tensor& a_NK, const at::Tensor& b_MK) {
    if (!suitsOneDnn(a_NK, b_MK)) return at::linear(a_NK, b_MK);
    const bool graph = c10::GradMode::is_enabled() && (a_NK.requires_grad() || b_MK.requires_grad());
    return graph ? Product::apply(a_NK, b_MK) : oneDnnProduct(a_NK, b_MK);
}

}  // namespace fm
