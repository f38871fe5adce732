#include "words/upper.h"

#include <cctype>

std::string Upper(std::string text) {
  for (char& c : text) c = std::toupper(static_cast<unsigned char>(c));
  return text;
}
