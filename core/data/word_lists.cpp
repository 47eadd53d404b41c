#include "core/data/word_lists.h"

namespace fm {

const std::vector<std::string>& natoWords() {
    static const std::vector<std::string> words = {
        "alpha",   "bravo", "charlie", "delta",  "echo",     "foxtrot", "golf",   "hotel",  "india",
        "juliett", "kilo",  "lima",    "mike",   "november", "oscar",   "papa",   "quebec", "romeo",
        "sierra",  "tango", "uniform", "victor", "whiskey",  "xray",    "yankee", "zulu"};
    return words;
}

const std::vector<std::string>& keyWords() {
    static const std::vector<std::string> words = {
        "river",   "stone",  "garden", "castle",  "window", "bridge",  "forest", "mountain", "ocean",   "desert",
        "island",  "valley", "meadow", "harbor",  "tower",  "temple",  "market", "village",  "kitchen", "ladder",
        "basket",  "candle", "mirror", "blanket", "hammer", "needle",  "button", "carpet",   "pillow",  "bottle",
        "copper",  "silver", "marble", "velvet",  "cotton", "leather", "paper",  "pencil",   "ribbon",  "saddle",
        "wagon",   "engine", "rocket", "planet",  "comet",  "thunder", "winter", "summer",   "autumn",  "morning",
        "evening", "tiger",  "eagle",  "salmon",  "rabbit", "beetle",  "spider", "turtle",   "monkey",  "falcon",
        "lemon",   "cherry", "walnut", "pepper"};
    return words;
}

const std::vector<std::string>& numberWords() {
    static const std::vector<std::string> words = {"one",      "two",      "three",   "four",   "five",   "six",
                                                   "seven",    "eight",    "nine",    "ten",    "eleven", "twelve",
                                                   "thirteen", "fourteen", "fifteen", "sixteen"};
    return words;
}

const std::vector<std::string>& ordinalWords() {
    static const std::vector<std::string> words = {"first", "second",  "third",  "fourth", "fifth",
                                                   "sixth", "seventh", "eighth", "ninth",  "tenth"};
    return words;
}

}  // namespace fm
