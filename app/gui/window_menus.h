// The menus, and with them every shortcut of the window.
#pragma once

namespace fm {

class MainWindow;
class Workbench;

void buildMenus(MainWindow& window, Workbench& workbench);

}  // namespace fm
