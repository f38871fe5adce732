#include "words/words.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>

#include "tools/cpp/runfiles/runfiles.h"

using bazel::tools::cpp::runfiles::Runfiles;

std::vector<std::string> Words(const std::string& argv0) {
  std::string error;
  std::unique_ptr<Runfiles> runfiles(Runfiles::Create(argv0, BAZEL_CURRENT_REPOSITORY, &error));
  if (runfiles == nullptr) {
    std::cerr << error << std::endl;
    std::exit(1);
  }
  std::ifstream file(runfiles->Rlocation("lang_cc/words/words.txt"));
  std::vector<std::string> words;
  for (std::string word; file >> word;) words.push_back(word);
  return words;
}
