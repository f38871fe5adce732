#include <iostream>

#include "prices/prices.h"

int main() {
  for (int price : Prices()) std::cout << price << "\n";
}
