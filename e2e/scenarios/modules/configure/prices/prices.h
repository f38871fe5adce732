#ifndef PRICES_PRICES_H_
#define PRICES_PRICES_H_

#include <vector>

// All prices, in cents.
std::vector<int> Prices();

#endif  // PRICES_PRICES_H_
