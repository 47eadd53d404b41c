// The words of the help panel.
#pragma once

#include <QString>

namespace fm {

// HTML with links "dock:<name>" and "handbook:<page>" and colours "@full", "@linear", "@accent", "@faint".
QString tourHtml();

}  // namespace fm
