#include <iostream>

#include "prices/prices.h"

int main() { std::cout << Prices().size() << " prices\n"; }
