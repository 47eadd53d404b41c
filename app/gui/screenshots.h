// Pictures of the whole window: light and dark, 1280 x 800 and 2560 x 1440.
#pragma once

#include <QString>

namespace fm {

class MainWindow;

// Lays the window out anew at each size and writes window_<theme>_<width>x<height>.png into `folder`, once the run is
// shown. Ends the application with 0, or 1 when a picture could not be written.
void takeScreenshots(MainWindow& window, const QString& folder);

}  // namespace fm
