// The few signs on buttons, drawn: no font and no picture file is needed, and they follow the palette.
#pragma once

#include <QIcon>

namespace fm {

enum class Sign { First, Back, On, Last, Play, Pause, Step, Stop, Filled, Hollow, Down };

QIcon signIcon(Sign sign);

}  // namespace fm
