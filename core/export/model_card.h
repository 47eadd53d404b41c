// README.md of an exported folder.
#pragma once

#include <string>

#include "core/export/exporter.h"

namespace fm {

std::string modelCard(const ExportRequest& request, const Verdict& verdict);  // Markdown

}  // namespace fm
