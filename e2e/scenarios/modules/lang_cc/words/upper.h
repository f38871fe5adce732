// Upper case.
#pragma once

#include <string>

std::string Upper(std::string text);
