// Prints the words, with what --separator says between them, and then the file that --footer names.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "words/words.h"

int main(int argc, char** argv) {
  std::string separator, footer;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--separator=", 12) == 0) separator = argv[i] + 12;
    if (std::strncmp(argv[i], "--footer=", 9) == 0) footer = argv[i] + 9;
  }
  std::cout << "Words: ";
  std::string before;
  for (const std::string& word : Words(argv[0])) {
    std::cout << before << word;
    before = separator;
  }
  const char* price = std::getenv("PRICE");
  std::cout << "\n" << (price ? price : "no price") << "\n" << std::ifstream(footer).rdbuf();
}
