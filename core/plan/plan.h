// The discrete choice: which layers keep full attention. 0-based layer indices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fm {

enum class LayerKind : std::uint8_t { Linear, Full };

struct Pin {
    int layer = 0;
    LayerKind kind = LayerKind::Full;
};

struct Plan {
    std::vector<LayerKind> kinds;  // one per layer
    std::vector<Pin> pins;         // layers the user forced; they survive budget changes

    static Plan fromFullLayers(int num_layers, const std::vector<int>& full_layers);
    std::vector<int> fullLayers() const;  // ascending
    int budget() const;                   // number of full layers
    bool hasLinearLayer() const;          // else it is the teacher
    // "FLLF...": identifies the discrete choice, whatever the pins; key of the probe cache
    std::string key() const;
};

}  // namespace fm
