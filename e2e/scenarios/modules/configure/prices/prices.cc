#include "prices/prices.h"

std::vector<int> Prices() { return {199, 250}; }
