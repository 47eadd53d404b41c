// One window with every class of widget that the style sheet covers, in its states.
#pragma once

#include <QWidget>

#include <memory>

namespace fm::samples {

std::unique_ptr<QWidget> widgetGallery();

}  // namespace fm::samples
