// Prints the words in upper case.
#include <iostream>

#include "words/upper.h"
#include "words/words.h"

int main(int, char** argv) {
  for (const std::string& word : Words(argv[0])) std::cout << Upper(word) << "\n";
}
