// Prints how many words there are.
#include <iostream>

#include "words/words.h"

int main(int, char** argv) { std::cout << Words(argv[0]).size() << " words\n"; }
