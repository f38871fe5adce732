// The words of a file that is found through runfiles.
#pragma once

#include <string>
#include <vector>

std::vector<std::string> Words(const std::string& argv0);
